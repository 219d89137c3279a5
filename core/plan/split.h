// How many samples each split of the `exact` strategy gets.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

// Divides `total` samples by shares: largest remainder, ties to the earlier split; then every split with a
// non-zero share that got none takes one from the largest, as long as that one keeps at least one. Exact integer
// arithmetic. Requires total >= 0, shares in [0, 2^31 - 1], not all 0. The counts add up to total.
std::vector<int64_t> ExactCounts(int64_t total, absl::Span<const int64_t> shares);

}  // namespace millrace
