// Why an element of a selection is in its split: the strategy's rule, with the numbers that it went by. Derived anew
// from the specification, not read off the opened plan, so that the two can be compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan_spec.h"
#include "core/query/cancel.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// A post that a plan's query selects.
struct SelectedPost {
  int64_t post_id = 0;
  int64_t row = 0;
  int64_t element = 0;  // of the selection
};

struct SplitReasons {
  std::optional<size_t> split;  // nothing: the strategy gives it to none
  std::vector<std::string> sentences;
};

// Reads a value of every element for strata, and for `exact` over groups: as much as opening the plan. Otherwise only
// the post's own. Errors as ReadPlanInput.
absl::StatusOr<SplitReasons> ExplainSplit(const PlanSpec& spec, const Snapshot& snapshot, int64_t selection_size,
                                          const SelectedPost& post, const Cancelled& cancelled);

}  // namespace millrace
