// Why an epoch has a member of a split where it has it: the order's rule, with the numbers that it went by.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan_spec.h"
#include "core/plan/split_order.h"
#include "core/query/cancel.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// A split of a plan. Borrows for the call.
struct ExplainedSplit {
  const PlanSpec& spec;
  size_t number = 0;
  int64_t member_count = 0;
  int64_t sample_count = 0;    // of an epoch
  const MemberValues& values;  // by member; of the orders that draw

  const SplitSpec& split() const { return spec.splits[number]; }
};

// How an epoch of the split is ordered, a sentence: with the keys of this epoch, and without any member.
std::string OrderText(const ExplainedSplit& split, int64_t epoch);

// Where the order puts a member, and by what.
absl::StatusOr<std::vector<std::string>> ExplainOrder(const ExplainedSplit& split, int64_t epoch, int64_t member);

// Which query or tag gave a row its weight or its part of the mix, a sentence. Requires an order that draws.
// kSnapshotDamaged; kCancelled when `cancelled` returns true.
absl::StatusOr<std::string> DrawingText(const PlanSpec& spec, const Snapshot& snapshot, OrderKind order, int64_t row,
                                        const Cancelled& cancelled);

}  // namespace millrace
