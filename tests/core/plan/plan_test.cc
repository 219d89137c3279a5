// Goal: the promises that a plan makes to trainers. Method: random plans, all steps of all splits.
#include "core/plan/plan.h"

#include <algorithm>
#include <random>
#include <set>

#include "core/base/error.h"
#include "tests/core/plan/split_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

PlanSpec Spec(int64_t batch_size, LastBatch last_batch, uint64_t seed = 42) {
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, DefaultSplits(), seed);
  spec.batch_size = batch_size;
  spec.last_batch = last_batch;
  return spec;
}

Plan RandomPlan(std::mt19937_64& random, LastBatch last_batch) {
  PlanSpec spec = Spec(1 + static_cast<int64_t>(random() % 40), last_batch, random());
  spec.splits = RandomSplits(random);
  const int64_t selection_size = 1 + static_cast<int64_t>(random() % (random() % 2 == 0 ? 60 : 4000));
  return Plan::Open(std::move(spec), selection_size).value();
}

std::vector<int64_t> SliceRows(const Plan& plan, size_t split, Position position, Rank rank) {
  const BatchSlice slice = plan.Slice(split, position, rank).value();
  std::vector<int64_t> rows(static_cast<size_t>(slice.sample_count));
  plan.OpenEpoch(split, position.epoch)->Rows(slice.first_sample, absl::MakeSpan(rows));
  return rows;
}

std::vector<int64_t> EpochRows(const Plan& plan, size_t split, int64_t epoch) {
  std::vector<int64_t> all;
  for (int64_t step = 0; step < plan.splits()[split].batch_count; ++step) {
    const std::vector<int64_t> rows = SliceRows(plan, split, {epoch, step}, {});
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

TEST_CASE("every sample is in one split, and once in an epoch") {
  std::mt19937_64 random(60);
  for (int round = 0; round < 60; ++round) {
    const Plan plan = RandomPlan(random, LastBatch::kKeep);
    std::vector<int64_t> all;
    for (size_t split = 0; split < plan.splits().size(); ++split) {
      std::vector<int64_t> rows = EpochRows(plan, split, round);
      REQUIRE(static_cast<int64_t>(rows.size()) == plan.splits()[split].sample_count);
      std::vector<int64_t> other_epoch = EpochRows(plan, split, round + 1);
      if (rows.size() > 20) REQUIRE(rows != other_epoch);
      std::sort(rows.begin(), rows.end());
      std::sort(other_epoch.begin(), other_epoch.end());
      REQUIRE(rows == other_epoch);
      all.insert(all.end(), rows.begin(), rows.end());
    }
    std::sort(all.begin(), all.end());
    REQUIRE(static_cast<int64_t>(all.size()) == plan.selection_size());
    for (int64_t row = 0; row < plan.selection_size(); ++row) REQUIRE(all[static_cast<size_t>(row)] == row);
  }
}

TEST_CASE("the ranks' slices are the global batch, in any world") {
  std::mt19937_64 random(61);
  for (int round = 0; round < 30; ++round) {
    const LastBatch last_batch = static_cast<LastBatch>(1 + round % 3);
    const Plan plan = RandomPlan(random, last_batch);
    const int64_t step_count = plan.splits()[0].batch_count;
    for (int64_t step = std::max<int64_t>(0, step_count - 3); step < step_count; ++step) {
      const std::vector<int64_t> whole = SliceRows(plan, 0, {1, step}, {});
      const int64_t whole_padding = plan.Slice(0, {1, step}, {})->padding_count;
      for (int32_t world_size = 1; world_size <= 16; ++world_size) {
        std::vector<int64_t> joined;
        int64_t smallest = whole.size(), largest = 0, padding = 0;
        for (int32_t rank = 0; rank < world_size; ++rank) {
          const BatchSlice slice = plan.Slice(0, {1, step}, {rank, world_size}).value();
          REQUIRE(slice.global_sample_count == static_cast<int64_t>(whole.size()));
          REQUIRE(slice.global_offset == static_cast<int64_t>(joined.size()));
          const std::vector<int64_t> rows = SliceRows(plan, 0, {1, step}, {rank, world_size});
          joined.insert(joined.end(), rows.begin(), rows.end());
          smallest = std::min(smallest, slice.sample_count);
          largest = std::max(largest, slice.sample_count);
          padding += slice.padding_count;
        }
        REQUIRE(joined == whole);
        REQUIRE(padding == whole_padding);
        REQUIRE(largest - smallest <= 1);
      }
    }
  }
}

TEST_CASE("keep makes the last batch smaller, drop leaves it out, pad fills it from the epoch's start") {
  const auto open = [](LastBatch last_batch) { return Plan::Open(Spec(7, last_batch), 100).value(); };  // 80 in train
  const Plan keep = open(LastBatch::kKeep), drop = open(LastBatch::kDrop), pad = open(LastBatch::kPad);
  CHECK(keep.splits()[0].batch_count == 12);
  CHECK(drop.splits()[0].batch_count == 11);
  CHECK(pad.splits()[0].batch_count == 12);
  const std::vector<int64_t> kept = EpochRows(keep, 0, 0), dropped = EpochRows(drop, 0, 0),
                             padded = EpochRows(pad, 0, 0);
  CHECK(kept.size() == 80);
  CHECK(dropped == std::vector<int64_t>(kept.begin(), kept.begin() + 77));
  std::vector<int64_t> expected = kept;
  expected.insert(expected.end(), kept.begin(), kept.begin() + 4);
  CHECK(padded == expected);
  CHECK(pad.Slice(0, {0, 11}, {})->padding_count == 4);
  CHECK(pad.Slice(0, {0, 10}, {})->padding_count == 0);
  CHECK(keep.Slice(0, {0, 11}, {})->sample_count == 3);
  CHECK(pad.Slice(0, {0, 11}, {0, 2})->padding_count == 0);  // 3 of 7, all real
  CHECK(pad.Slice(0, {0, 11}, {1, 2})->padding_count == 4);
}

TEST_CASE("padding goes round as often as a batch larger than the split needs") {
  const Plan plan = Plan::Open(Spec(25, LastBatch::kPad), 10).value();  // 8 in train
  const std::vector<int64_t> rows = EpochRows(plan, 0, 3);
  REQUIRE(rows.size() == 25);
  for (size_t i = 8; i < rows.size(); ++i) CHECK(rows[i] == rows[i - 8]);
  CHECK(plan.Slice(0, {3, 0}, {})->padding_count == 17);
  CHECK(plan.Slice(0, {3, 0}, {2, 3})->padding_count == 9);  // a slice that is all padding
}

TEST_CASE("more ranks than samples: some slices are empty, the steps are the same") {
  const Plan plan = Plan::Open(Spec(64, LastBatch::kKeep), 4).value();  // 2 in train
  int64_t sample_count = 0;
  for (int32_t rank = 0; rank < 5; ++rank) sample_count += plan.Slice(0, {0, 0}, {rank, 5})->sample_count;
  CHECK(sample_count == 2);
  CHECK(SliceRows(plan, 0, {0, 0}, {0, 5}).empty());
}

TEST_CASE("the fixed order is epoch 0's in every epoch") {
  const Plan plan = Plan::Open(Spec(7, LastBatch::kKeep), 1000).value();
  CHECK(EpochRows(plan, 1, 0) == EpochRows(plan, 1, 9));
  CHECK(EpochRows(plan, 0, 0) != EpochRows(plan, 0, 9));
  PlanSpec spec = Spec(7, LastBatch::kKeep);
  spec.splits[0].order = OrderKind::kFixed;
  CHECK(EpochRows(Plan::Open(spec, 1000).value(), 0, 9) == EpochRows(plan, 0, 0));
}

TEST_CASE("seed 42 in epoch 1 is not seed 43 in epoch 0") {
  const auto open = [](uint64_t seed) { return Plan::Open(Spec(7, LastBatch::kKeep, seed), 1000).value(); };
  CHECK(EpochRows(open(42), 0, 1) != EpochRows(open(43), 0, 0));
  CHECK(EpochRows(open(42), 0, 0) != EpochRows(open(43), 0, 0));
}

TEST_CASE("positions and ranks out of range are refused by name") {
  const Plan plan = Plan::Open(Spec(7, LastBatch::kKeep), 100).value();
  const auto field = [&](Position position, Rank rank) { return FieldOf(plan.Slice(0, position, rank).status()); };
  CHECK(field({0, 0}, {0, 0}) == "world_size");
  CHECK(field({0, 0}, {0, -1}) == "world_size");
  CHECK(field({0, 0}, {0, kWorldSizeMax + 1}) == "world_size");
  CHECK(field({0, 0}, {-1, 4}) == "rank");
  CHECK(field({0, 0}, {4, 4}) == "rank");
  CHECK(field({-1, 0}, {}) == "epoch");
  CHECK(field({kEpochMax + 1, 0}, {}) == "epoch");
  CHECK(field({0, -1}, {}) == "step");
  CHECK(plan.Slice(0, {kEpochMax, 11}, {kWorldSizeMax - 1, kWorldSizeMax}).ok());
  CHECK(FieldOf(plan.OpenEpoch(0, -1).status()) == "epoch");
}

TEST_CASE("a step past the end says how many there are") {
  const Plan plan = Plan::Open(Spec(7, LastBatch::kKeep), 100).value();
  for (const int64_t step : {int64_t{12}, int64_t{1} << 62}) {
    const absl::Status status = plan.Slice(0, {0, step}, {}).status();
    CHECK(ReasonOf(status) == Reason::kStepPastEnd);
    CHECK(MetadataOf(status)["batch_count"] == "12");
  }
}

TEST_CASE("an empty split has no steps") {
  PlanSpec spec = Spec(7, LastBatch::kPad);
  spec.splits[2].share = 0;
  const Plan plan = Plan::Open(spec, 100).value();
  CHECK(plan.splits()[2].sample_count == 0);
  CHECK(plan.splits()[2].batch_count == 0);
  CHECK(ReasonOf(plan.Slice(2, {0, 0}, {}).status()) == Reason::kStepPastEnd);
  CHECK(ReasonOf(plan.OpenEpoch(2, 0).status()) == Reason::kStepPastEnd);
}

TEST_CASE("an unknown split is refused, and the message names those there are") {
  const Plan plan = Plan::Open(Spec(7, LastBatch::kKeep), 100).value();
  CHECK(plan.FindSplit("test").value() == 2);
  const absl::Status status = plan.FindSplit("tset").status();
  CHECK(ReasonOf(status) == Reason::kSplitNotFound);
  CHECK_THAT(std::string(status.message()), Catch::Contains("\"tset\"") && Catch::Contains("\"validation\""));
}

TEST_CASE("a plan over nothing, or with a fault, does not open") {
  CHECK(ReasonOf(Plan::Open(Spec(7, LastBatch::kKeep), 0).status()) == Reason::kSnapshotEmpty);
  CHECK(FieldOf(Plan::Open(Spec(0, LastBatch::kKeep), 10).status()) == "spec.batch_size");
}

TEST_CASE("the largest plan's last step is there") {
  const Plan plan = Plan::Open(Spec(kBatchSizeMax, LastBatch::kPad), Permutation::kSizeMax).value();
  const int64_t last_step = plan.splits()[0].batch_count - 1;
  const std::vector<int64_t> rows = SliceRows(plan, 0, {kEpochMax, last_step}, {kWorldSizeMax - 1, kWorldSizeMax});
  CHECK(rows.size() == 16);
  for (const int64_t row : rows) CHECK((row >= 0 && row < plan.selection_size()));
}

}  // namespace
}  // namespace millrace
