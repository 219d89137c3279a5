// The order `mixed`: parts of a split dealt in proportions, each going through its members again and again.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/plan/split_order.h"

namespace millrace {

// `member_parts` has a part's number, or kNoMixPart, a member, and at least one. Errors as SplitOrder::Create.
absl::StatusOr<std::unique_ptr<const SplitOrder>> MakeMixedOrder(const MixSpec& spec, uint64_t seed,
                                                                 std::string_view split_name,
                                                                 absl::Span<const uint8_t> member_parts);

}  // namespace millrace
