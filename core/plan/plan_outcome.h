// What became of a plan's specification on its snapshot: what opening the plan found out, small enough to be kept
// beside its record, so that showing a plan opens nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan.h"

namespace millrace {

struct PlanOutcome {
  int64_t selected_count = 0;
  int64_t unassigned_count = 0;  // of these, in no split
  std::vector<SplitInfo> splits;
  std::vector<std::string> notes;
};

PlanOutcome OutcomeOf(const Plan& plan);

// As JSON text, for the catalog.
std::string FormatPlanOutcome(const PlanOutcome& outcome);
// The inverse. kInternal for a text that FormatPlanOutcome does not make.
absl::StatusOr<PlanOutcome> ParsePlanOutcome(std::string_view text);

}  // namespace millrace
