// Goal: `partitioned` deals whole batches of neighbours, over all posts or as the seed system does. Method: random
// sizes; every batch is looked at, and half coverage is compared with SeedPartition.
#include "core/base/error.h"
#include "core/plan/permutation.h"
#include "core/plan/seed_partition.h"
#include "core/plan/split.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

PlanInput InputOfSize(int64_t size) {
  PlanInput input;
  input.row_count = size;
  return input;
}

PlanSpec PartitionedSpec(std::vector<SplitSpec> splits, int64_t batch_size, uint64_t seed) {
  PlanSpec spec = StrategySpec(SplitStrategy::kPartitioned, std::move(splits), seed);
  spec.batch_size = batch_size;
  return spec;
}

TEST_CASE("partitioned: every batch lies in one partition, and all posts are served once") {
  std::mt19937_64 random(140);
  for (int round = 0; round < 100; ++round) {
    const int64_t batch_size = 1 + static_cast<int64_t>(random() % (round % 10 == 0 ? 900 : 40));
    PlanSpec spec = PartitionedSpec(RandomSplits(random), batch_size, random());
    const int64_t size = 1 + static_cast<int64_t>(random() % 3000);
    const DealtSplits dealt = DealSplits(spec, InputOfSize(size)).value();
    REQUIRE(IsComplete(SplitOfElements(dealt.members, size)));
    const std::vector<int64_t> shares = SharesOf(spec);
    const std::vector<int64_t> counts = ExactCounts(size / batch_size, shares);
    const size_t left_split = static_cast<size_t>(std::max_element(shares.begin(), shares.end()) - shares.begin());
    for (size_t split = 0; split < counts.size(); ++split) {
      const int64_t left_count = split == left_split ? size % batch_size : 0;
      REQUIRE(dealt.members[split].size() == counts[split] * batch_size + left_count);
      const std::vector<int64_t> elements = ElementsOf(dealt.members[split]);
      for (size_t i = 0; i < elements.size(); ++i) {
        const size_t batch_first = i - i % static_cast<size_t>(batch_size);
        REQUIRE(elements[i] / (2 * batch_size) == elements[batch_first] / (2 * batch_size));
      }
    }
  }
}

TEST_CASE("partitioned: the batches are those of the specification") {
  const PlanSpec spec = PartitionedSpec(SplitsOfShares({3, 1}), 5, 42);
  const DealtSplits dealt = DealSplits(spec, InputOfSize(48)).value();
  const PermutationKey key = LabelledKey("millrace.v1.partition", 42, "", 0);
  const auto batch = [&](int64_t number) {
    const int64_t partition = number / 2;
    const Permutation order =
        Permutation::Create(std::min<int64_t>(10, 48 - 10 * partition), SubKey(key, static_cast<uint64_t>(partition)))
            .value();
    std::vector<int64_t> elements;
    for (int64_t i = number % 2 * 5; i < number % 2 * 5 + 5 && i < order.size(); ++i) {
      elements.push_back(10 * partition + order.At(i));
    }
    return elements;
  };
  const Permutation order = Permutation::Create(9, SelectionKey(42)).value();
  std::vector<int64_t> train, test;
  for (int64_t i = 0; i < 9; ++i) {
    const std::vector<int64_t> elements = batch(order.At(i));
    std::vector<int64_t>& split = i < 7 ? train : test;  // 9 batches: 6.75 and 2.25
    split.insert(split.end(), elements.begin(), elements.end());
  }
  const std::vector<int64_t> left = batch(9);
  CHECK(left.size() == 3);
  train.insert(train.end(), left.begin(), left.end());
  CHECK(ElementsOf(dealt.members[0]) == train);
  CHECK(ElementsOf(dealt.members[1]) == test);
}

TEST_CASE("partitioned: ascending rows are the same batches, sorted") {
  std::mt19937_64 random(141);
  for (int round = 0; round < 20; ++round) {
    const int64_t batch_size = 1 + static_cast<int64_t>(random() % 30);
    PlanSpec spec = PartitionedSpec(SplitsOfShares({80, 10, 10}), batch_size, random());
    const PlanInput input = InputOfSize(6 * batch_size + static_cast<int64_t>(random() % 2000));
    for (const Coverage coverage : {Coverage::kFull, Coverage::kHalf}) {
      spec.coverage = coverage;
      spec.batch_rows = BatchRows::kDrawn;
      const DealtSplits drawn = DealSplits(spec, input).value();
      spec.batch_rows = BatchRows::kAscending;
      const DealtSplits ascending = DealSplits(spec, input).value();
      for (size_t split = 0; split < 3; ++split) {
        std::vector<int64_t> expected = ElementsOf(drawn.members[split]);
        const absl::Span<int64_t> all = absl::MakeSpan(expected);
        for (size_t start = 0; start < all.size(); start += static_cast<size_t>(batch_size)) {
          const absl::Span<int64_t> batch = all.subspan(start, static_cast<size_t>(batch_size));
          std::sort(batch.begin(), batch.end());
        }
        REQUIRE(ElementsOf(ascending.members[split]) == expected);
      }
    }
  }
}

TEST_CASE("partitioned: fewer posts than a batch go to the split with the largest share") {
  const PlanSpec spec = PartitionedSpec(SplitsOfShares({10, 40, 40, 10}), 100, 42);
  for (const int64_t size : {1, 99}) {
    const DealtSplits dealt = DealSplits(spec, InputOfSize(size)).value();
    CHECK(dealt.members[1].size() == size);
    CHECK(IsComplete(SplitOfElements(dealt.members, size)));
  }
}

TEST_CASE("partitioned in half coverage: the seed system's batches, one after the other") {
  PlanSpec spec = PartitionedSpec(SplitsOfShares({75, 15, 10}), 16, 7);
  spec.coverage = Coverage::kHalf;
  const DealtSplits dealt = DealSplits(spec, InputOfSize(1003)).value();
  const SeedPartition expected =
      SeedPartition::Create(
          {.row_count = 1003, .batch_size = 16, .seed = 7, .validation_percent = 15, .test_percent = 10})
          .value();
  for (size_t split = 0; split < 3; ++split) {
    const std::vector<int64_t> elements = ElementsOf(dealt.members[split]);
    const int64_t batch_count = expected.batch_count(static_cast<SeedSplit>(split));
    REQUIRE(static_cast<int64_t>(elements.size()) == 16 * batch_count);
    for (int64_t step = 0; step < batch_count; ++step) {
      const absl::Span<const uint32_t> batch = expected.Batch(static_cast<SeedSplit>(split), step);
      REQUIRE(std::equal(batch.begin(), batch.end(), elements.begin() + 16 * step));
    }
  }
  CHECK(FieldOf(DealSplits(spec, InputOfSize(16 * 6 - 1)).status()) == "spec.batch_size");
}

}  // namespace
}  // namespace millrace
