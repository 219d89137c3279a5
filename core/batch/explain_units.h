// Why a unit is in its split: `exact` over units, and within strata.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/batch/explain_split.h"
#include "core/plan/plan_input.h"
#include "core/plan/plan_spec.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// A place in something that is cut at exact counts, and the split whose part it is in.
struct CutPlace {
  int64_t place = 0;
  size_t split = 0;
  int64_t start = 0;  // of the split's part
  int64_t count = 0;
};
// Requires 0 <= place < the counts' sum.
CutPlace FindCut(absl::Span<const int64_t> counts, int64_t place);
// "counts(1234, 80, 10, 10) gives split train the places 0 to 986".
std::string CutText(const PlanSpec& spec, std::string_view what, int64_t total, const CutPlace& cut);

// "the post itself", "parent family of post 12", "artist 55 (somebody)", "pool 7".
absl::StatusOr<std::string> UnitText(const PlanSpec& spec, const Snapshot& snapshot, const UnitKey& key);

// For `exact` over groups, and for `stratified`.
absl::StatusOr<SplitReasons> ExplainDealtUnits(const PlanSpec& spec, const Snapshot& snapshot, const SelectedPost& post,
                                               const Cancelled& cancelled);

}  // namespace millrace
