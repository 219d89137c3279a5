// The epochs of the order `weighted`, with replacement and without.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/plan/order_weight_classes.h"
#include "core/plan/split_order.h"

namespace millrace {

// The first classes, as far as their members would be drawn more than once in proportion to their weights: without
// replacement every epoch has all of them.
struct Certainty {
  int64_t member_count = 0;  // of these classes together
  int64_t weight = 0;        // of these members together
};
// Requires sample_count <= classes.member_count().
Certainty CertaintyOf(const WeightClasses& classes, int64_t sample_count);

// Both borrow `classes`. Require at least one sample and one class.
std::unique_ptr<const EpochSequence> MakeDrawEpoch(const WeightClasses& classes, const PermutationKey& weighted_key,
                                                   int64_t sample_count);
absl::StatusOr<std::unique_ptr<const EpochSequence>> MakeSlotEpoch(const WeightClasses& classes,
                                                                   const Certainty& certainty,
                                                                   const PermutationKey& weighted_key,
                                                                   const PermutationKey& epoch_key,
                                                                   int64_t sample_count);

}  // namespace millrace
