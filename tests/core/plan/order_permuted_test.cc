// Goal: the orders epoch, fixed and sequential visit every member once an epoch, and whole batches stay whole.
// Method: sizes around every boundary, by the definition in docs/plan-specification.md written down directly.
#include "core/plan/order_permuted.h"

#include <algorithm>
#include <numeric>

#include "core/plan/permutation.h"
#include "tests/core/plan/order_support.h"

namespace millrace {
namespace {

Members AllMembers(int64_t count) {
  Members members(static_cast<size_t>(count));
  std::iota(members.begin(), members.end(), 0);
  return members;
}

Members Sorted(Members members) {
  std::sort(members.begin(), members.end());
  return members;
}

PlanSpec PartitionedSpec(OrderKind order, int64_t batch_size) {
  PlanSpec spec = SpecOf(order);
  spec.strategy = SplitStrategy::kPartitioned;
  spec.batch_size = batch_size;
  return spec;
}

TEST_CASE("an epoch is the permutation of its key") {
  for (const int64_t count : {1, 2, 8, 1000, 1025, 5000}) {
    const Permutation permutation = Permutation::Create(count, EpochKey(42, "train", 3)).value();
    const Members members = EpochOf(*MakeOrder(SpecOf(OrderKind::kEpoch), count), 3);
    for (int64_t i = 0; i < count; ++i) REQUIRE(members[static_cast<size_t>(i)] == permutation.At(i));
    CHECK(Sorted(members) == AllMembers(count));
  }
}

TEST_CASE("the specification's example") {
  const auto order = MakeOrder(SpecOf(OrderKind::kEpoch), 8);
  CHECK(EpochOf(*order, 0) == Members{7, 3, 1, 6, 0, 5, 4, 2});
  CHECK(EpochOf(*order, 1) == Members{0, 5, 2, 3, 6, 7, 1, 4});
}

TEST_CASE("epochs, seeds and splits have orders of their own, except where fixed") {
  const Members members = EpochOf(*MakeOrder(SpecOf(OrderKind::kEpoch), 1000), 0);
  CHECK(EpochOf(*MakeOrder(SpecOf(OrderKind::kEpoch), 1000), 1) != members);
  CHECK(EpochOf(*MakeOrder(SpecOf(OrderKind::kEpoch, 42, "test"), 1000), 0) != members);
  CHECK(EpochOf(*MakeOrder(SpecOf(OrderKind::kEpoch, 43), 1000), 0) != members);
  const auto fixed = MakeOrder(SpecOf(OrderKind::kFixed), 1000);
  for (const int64_t epoch : {int64_t{0}, int64_t{1}, int64_t{2147483647}}) CHECK(EpochOf(*fixed, epoch) == members);
}

TEST_CASE("sequential is the members as they stand") {
  const auto order = MakeOrder(SpecOf(OrderKind::kSequential), 1000);
  for (const int64_t epoch : {0, 7}) CHECK(EpochOf(*order, epoch) == AllMembers(1000));
  CHECK(Stretch(**order->OpenEpoch(0), 500, 3) == Members{500, 501, 502});
}

TEST_CASE("with partitioned, whole batches are permuted, and the members left at the end stay there") {
  for (const int64_t batch_size : {1, 2, 7, 100}) {
    for (const int64_t count : {int64_t{1}, batch_size - 1, batch_size, batch_size + 1, 30 * batch_size,
                                31 * batch_size - 1, 2000 * batch_size + batch_size / 2}) {
      if (count == 0) continue;
      CAPTURE(batch_size, count);
      const auto order = MakeOrder(PartitionedSpec(OrderKind::kEpoch, batch_size), count);
      const Members members = EpochOf(*order, 5);
      CHECK(Sorted(members) == AllMembers(count));
      const int64_t batch_count = count / batch_size;
      const Permutation batches =
          Permutation::Create(std::max<int64_t>(batch_count, 1), EpochKey(42, "train", 5)).value();
      for (int64_t batch = 0; batch < batch_count; ++batch) {
        for (int64_t i = 0; i < batch_size; ++i) {
          REQUIRE(members[static_cast<size_t>(batch * batch_size + i)] == batches.At(batch) * batch_size + i);
        }
      }
      for (int64_t i = batch_count * batch_size; i < count; ++i) REQUIRE(members[static_cast<size_t>(i)] == i);
    }
  }
  const auto fixed = MakeOrder(PartitionedSpec(OrderKind::kFixed, 10), 1000);
  CHECK(EpochOf(*fixed, 0) == EpochOf(*fixed, 9));
  const auto epoch = MakeOrder(PartitionedSpec(OrderKind::kEpoch, 10), 1000);
  CHECK(EpochOf(*epoch, 0) == EpochOf(*fixed, 0));
  CHECK(EpochOf(*epoch, 0) != EpochOf(*epoch, 1));
  CHECK(EpochOf(*MakeOrder(PartitionedSpec(OrderKind::kSequential, 10), 1000), 1) == AllMembers(1000));
}

}  // namespace
}  // namespace millrace
