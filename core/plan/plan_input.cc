#include "core/plan/plan_input.h"

#include <algorithm>

namespace millrace {

PlanNeeds NeedsOf(const PlanSpec& spec) {
  const auto has_order = [&](OrderKind order) {
    return std::any_of(spec.splits.begin(), spec.splits.end(),
                       [order](const SplitSpec& split) { return split.order == order; });
  };
  const bool has_unit = spec.unit != SplitUnit::kPost;
  return {.post_ids = spec.strategy == SplitStrategy::kIdRange || (spec.strategy == SplitStrategy::kHash && !has_unit),
          .unit_keys = has_unit,
          .strata = spec.strategy == SplitStrategy::kStratified,
          .weights = has_order(OrderKind::kWeighted),
          .mix_parts = has_order(OrderKind::kMixed)};
}

}  // namespace millrace
