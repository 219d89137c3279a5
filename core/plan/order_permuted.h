// The orders `epoch` and `fixed`: a permutation of the members, or of their whole batches.
#pragma once

#include <memory>
#include <string_view>

#include "core/plan/split_order.h"

namespace millrace {

// `fixed`: every epoch is like epoch 0.
std::unique_ptr<const SplitOrder> MakePermutedOrder(uint64_t seed, std::string_view split_name, bool fixed,
                                                    int64_t member_count);

// Batches of `batch_size` members stay together; the members left at the end stay there. Requires batch_size >= 1.
std::unique_ptr<const SplitOrder> MakePermutedBatchOrder(uint64_t seed, std::string_view split_name, bool fixed,
                                                         int64_t batch_size, int64_t member_count);

}  // namespace millrace
