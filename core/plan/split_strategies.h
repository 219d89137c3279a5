// The strategies by which a selection is dealt to the splits (docs/plan-specification.md, section 5). Each requires a
// valid specification of its strategy, the input that NeedsOf asks for, and 1 to 2^32 elements (exact over posts: up
// to Permutation::kSizeMax, as far as all orders are epoch or fixed).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan_input.h"
#include "core/plan/plan_spec.h"
#include "core/plan/split_members.h"

namespace millrace {

struct DealtSplits {
  std::vector<SplitMembers> members;  // one a split
  std::vector<std::string> notes;     // sentences on what a reader of the specification would not expect
};

// The elements of the selection.
int64_t SelectionSize(const PlanInput& input);
// What the splits divide the selection by.
std::vector<int64_t> SharesOf(const PlanSpec& spec);

absl::StatusOr<DealtSplits> DealExact(const PlanSpec& spec, const PlanInput& input);
absl::StatusOr<DealtSplits> DealHash(const PlanSpec& spec, const PlanInput& input);
absl::StatusOr<DealtSplits> DealIdRange(const PlanSpec& spec, const PlanInput& input);
absl::StatusOr<DealtSplits> DealStratified(const PlanSpec& spec, const PlanInput& input);
absl::StatusOr<DealtSplits> DealPartitioned(const PlanSpec& spec, const PlanInput& input);

// By the strategy of `spec`. kSnapshotEmpty or kSelectionEmpty when there is nothing to deal; kFieldInvalid for more
// elements than the strategy takes; kInternal for input that was not read.
absl::StatusOr<DealtSplits> DealSplits(const PlanSpec& spec, const PlanInput& input);

}  // namespace millrace
