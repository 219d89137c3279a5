#include "core/plan/split_order.h"

#include "core/base/error.h"
#include "core/plan/order_block.h"
#include "core/plan/order_mixed.h"
#include "core/plan/order_permuted.h"
#include "core/plan/order_sequential.h"
#include "core/plan/order_weighted.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<const SplitOrder>> SplitOrder::Create(const PlanSpec& spec, size_t split,
                                                                     int64_t member_count, MemberValues values) {
  const SplitSpec& split_spec = spec.splits[split];
  // Without members there is nothing to weigh or to mix, and no epoch will be opened.
  if (member_count == 0) return MakeSequentialOrder(0);
  switch (split_spec.order) {
    case OrderKind::kEpoch:
    case OrderKind::kFixed: {
      const bool fixed = split_spec.order == OrderKind::kFixed;
      if (spec.strategy == SplitStrategy::kPartitioned) {
        return MakePermutedBatchOrder(spec.seed, split_spec.name, fixed, spec.batch_size, member_count);
      }
      return MakePermutedOrder(spec.seed, split_spec.name, fixed, member_count);
    }
    case OrderKind::kSequential:
      return MakeSequentialOrder(member_count);
    case OrderKind::kBlock:
      return MakeBlockOrder(spec.seed, split_spec.name, split_spec.block_rows, split_spec.window_blocks, member_count);
    case OrderKind::kWeighted:
      return MakeWeightedOrder(*spec.weights, spec.seed, split_spec.name, values.weights);
    case OrderKind::kMixed:
      return MakeMixedOrder(*spec.mix, spec.seed, split_spec.name, values.mix_parts);
  }
  return MakeError(Reason::kInternal, "a plan with an order that is none");
}

}  // namespace millrace
