// The order `block`: blocks of neighbours in a random order, shuffled within windows of some blocks. For stores that
// are fast when neighbours are read together.
#pragma once

#include <memory>
#include <string_view>

#include "core/plan/split_order.h"

namespace millrace {

// Requires block_rows and window_blocks of at least 1, and a product of at most kWindowRowsMax.
std::unique_ptr<const SplitOrder> MakeBlockOrder(uint64_t seed, std::string_view split_name, int64_t block_rows,
                                                 int64_t window_blocks, int64_t member_count);

}  // namespace millrace
