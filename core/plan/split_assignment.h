// Which split every element of a selection is in, while a plan is opened: a byte an element.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/plan/plan_spec.h"
#include "core/plan/split_members.h"

namespace millrace {

// The split's number, or kNoSplit.
using SplitNumber = uint8_t;
inline constexpr SplitNumber kNoSplit = 255;
static_assert(kSplitCountMax <= kNoSplit);

// The members of every split in ascending sequence. Requires numbers below `split_count`, or kNoSplit, and at most
// 2^32 elements.
std::vector<SplitMembers> AscendingMembers(absl::Span<const SplitNumber> assignment, size_t split_count);

}  // namespace millrace
