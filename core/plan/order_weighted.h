// The order `weighted`: members drawn with probabilities in proportion to their weights.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/plan/split_order.h"

namespace millrace {

// `weights` has one a member and at least one. Errors as SplitOrder::Create.
absl::StatusOr<std::unique_ptr<const SplitOrder>> MakeWeightedOrder(const WeightsSpec& spec, uint64_t seed,
                                                                    std::string_view split_name,
                                                                    absl::Span<const int64_t> weights);

}  // namespace millrace
