// Goal: what a plan promises holds for every strategy, unit and order, over any selection. Method: random plans of all
// kinds; whole epochs are read and counted against the rows that the selection holds.
#include <map>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/plan/plan.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

// About two of three rows of a snapshot.
RowList RandomSelection(std::mt19937_64& random, int64_t row_count, std::vector<uint32_t>* rows) {
  rows->clear();
  for (int64_t row = 0; row < row_count; ++row) {
    if (random() % 3 != 0 || row == 0) rows->push_back(static_cast<uint32_t>(row));
  }
  return RowList::FromAscending(*rows, row_count);
}

void SetOrder(std::mt19937_64& random, OrderKind order, PlanSpec* spec, SplitSpec* split) {
  split->order = order;
  if (order == OrderKind::kBlock) {
    split->block_rows = 1 + static_cast<int64_t>(random() % 20);
    split->window_blocks = 1 + static_cast<int64_t>(random() % 5);
  } else if (order == OrderKind::kWeighted && !spec->weights.has_value()) {
    WeightsSpec weights;
    weights.queries.push_back({"sky", 3});
    weights.otherwise = 1;
    spec->weights = weights;
  }
}

// Of any strategy, unit and order, but mixed (which may repeat and leave out) and half coverage.
PlanSpec RandomSpec(std::mt19937_64& random) {
  const auto strategy = static_cast<SplitStrategy>(1 + random() % 5);
  PlanSpec spec = StrategySpec(strategy, RandomSplits(random), random());
  spec.batch_size = 1 + static_cast<int64_t>(random() % 40);
  if (strategy == SplitStrategy::kIdRange) {
    spec.modulus = 100;
    int64_t first = 0;
    for (SplitSpec& split : spec.splits) {
      split.share = 0;
      split.ranges = {{first, first + 13}};
      first += 16;
    }
  }
  const bool takes_units = strategy != SplitStrategy::kIdRange && strategy != SplitStrategy::kPartitioned;
  if (takes_units) spec.unit = static_cast<SplitUnit>(1 + random() % 4);
  if (strategy == SplitStrategy::kPartitioned && random() % 2 == 0) spec.batch_rows = BatchRows::kAscending;
  for (SplitSpec& split : spec.splits) {
    const uint64_t order_count = strategy == SplitStrategy::kPartitioned ? 3 : 5;
    SetOrder(random, static_cast<OrderKind>(1 + random() % order_count), &spec, &split);
  }
  return spec;
}

std::vector<int64_t> EpochRows(const Plan& plan, size_t split, int64_t epoch) {
  std::vector<int64_t> rows(static_cast<size_t>(plan.splits()[split].sample_count));
  if (!rows.empty()) plan.OpenEpoch(split, epoch)->Rows(0, absl::MakeSpan(rows));
  return rows;
}

TEST_CASE("an epoch of any order over any strategy holds the split's rows, each once, and each row knows its split") {
  std::mt19937_64 random(160);
  std::set<std::pair<SplitStrategy, OrderKind>> seen;
  for (int round = 0; round < 200; ++round) {
    const PlanSpec spec = RandomSpec(random);
    const int64_t row_count = 1 + static_cast<int64_t>(random() % 2000);
    std::vector<uint32_t> rows(static_cast<size_t>(row_count));
    std::iota(rows.begin(), rows.end(), 0u);
    std::optional<RowList> selection;
    if (round % 2 == 0) selection = RandomSelection(random, row_count, &rows);
    PlanInput input = RandomInput(random, static_cast<int64_t>(rows.size()));
    input.row_count = row_count;
    input.selection = selection;
    input.weights.assign(rows.size(), 1);
    const Plan plan = Plan::Open(spec, input).value();
    REQUIRE(plan.row_count() == row_count);
    REQUIRE(plan.selection_size() == static_cast<int64_t>(rows.size()));

    std::map<int64_t, size_t> split_of_row;
    for (size_t split = 0; split < plan.splits().size(); ++split) {
      std::vector<int64_t> epoch_rows = EpochRows(plan, split, round);
      REQUIRE(static_cast<int64_t>(epoch_rows.size()) == plan.splits()[split].member_count);
      for (const int64_t row : epoch_rows) REQUIRE(split_of_row.emplace(row, split).second);
      std::vector<int64_t> other_rows = EpochRows(plan, split, round + 1);
      std::sort(epoch_rows.begin(), epoch_rows.end());
      std::sort(other_rows.begin(), other_rows.end());
      REQUIRE(other_rows == epoch_rows);
      seen.emplace(spec.strategy, spec.splits[split].order);
    }
    REQUIRE(plan.unassigned_count() == static_cast<int64_t>(rows.size() - split_of_row.size()));
    if (spec.strategy != SplitStrategy::kIdRange) REQUIRE(plan.unassigned_count() == 0);
    for (int64_t row = -1; row <= row_count; ++row) {
      const auto expected = split_of_row.find(row);
      const std::optional<Membership> found = plan.FindRow(row);
      REQUIRE(found.has_value() == (expected != split_of_row.end()));
      REQUIRE(plan.SplitOf(row).has_value() == found.has_value());
      const bool is_selected = std::binary_search(rows.begin(), rows.end(), row);
      REQUIRE(plan.ElementOf(row).has_value() == is_selected);
      if (!found.has_value()) continue;
      REQUIRE(found->split == expected->second);
      std::vector<int64_t> again = {found->member};
      plan.RowsOfMembers(found->split, absl::MakeSpan(again));
      REQUIRE(again[0] == row);
    }
  }
  CHECK(seen.size() == 4 * 5 + 3);
}

TEST_CASE("members of samples are those whose rows the samples are, padding included") {
  std::mt19937_64 random(161);
  PlanSpec spec = StrategySpec(SplitStrategy::kHash, SplitsOfShares({3, 1}));
  PlanInput input = RandomInput(random, 100);
  const Plan plan = Plan::Open(spec, input).value();
  const int64_t count = plan.splits()[0].sample_count;
  const EpochOrder order = plan.OpenEpoch(0, 5).value();
  std::vector<int64_t> rows(static_cast<size_t>(count + 30)), members(rows.size());
  order.Rows(count - 10, absl::MakeSpan(rows));
  order.Members(count - 10, absl::MakeSpan(members));
  std::vector<int64_t> first_member(1);
  order.sequence().Fill(0, absl::MakeSpan(first_member));
  CHECK(members[10] == first_member[0]);
  plan.RowsOfMembers(0, absl::MakeSpan(members));
  CHECK(members == rows);
}

TEST_CASE("partitioned: orders shuffle whole batches") {
  PlanSpec spec = StrategySpec(SplitStrategy::kPartitioned, SplitsOfShares({3, 1}));
  spec.batch_size = 10;
  const Plan plan = Plan::Open(spec, 405).value();
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    const std::vector<int64_t> rows = EpochRows(plan, 0, epoch);
    for (size_t i = 0; i + 10 <= rows.size(); i += 10) {
      for (size_t j = i; j < i + 10; ++j) REQUIRE(rows[j] / 20 == rows[i] / 20);
    }
  }
  CHECK(EpochRows(plan, 0, 0) != EpochRows(plan, 0, 1));
}

TEST_CASE("weights and parts of a mix go to the members whose posts have them") {
  std::mt19937_64 random(162);
  for (const SplitStrategy strategy : {SplitStrategy::kExact, SplitStrategy::kHash}) {
    PlanSpec spec = StrategySpec(strategy, SplitsOfShares({1, 1}));
    SetOrder(random, OrderKind::kWeighted, &spec, &spec.splits[0]);
    spec.weights->replacement = true;
    spec.splits[1].order = OrderKind::kMixed;
    spec.mix = MixSpec{.parts = {{"sky", 1}, {"", 2}}, .epoch_samples = 0};
    std::vector<uint32_t> rows;
    PlanInput input;
    input.selection = RandomSelection(random, 900, &rows);
    PlanInput values = RandomInput(random, static_cast<int64_t>(rows.size()));
    input.row_count = 900;
    input.post_ids = values.post_ids;
    for (const uint32_t row : rows) {
      input.weights.push_back(row % 5 == 0 ? 7 : 0);
      input.mix_parts.push_back(row % 7 == 0 ? 0 : row % 7 == 1 ? kNoMixPart : 1);
    }
    const Plan plan = Plan::Open(spec, input).value();
    for (const int64_t row : EpochRows(plan, 0, 0)) REQUIRE(row % 5 == 0);
    std::map<bool, int> parts;
    for (const int64_t row : EpochRows(plan, 1, 0)) {
      REQUIRE(row % 7 != 1);
      ++parts[row % 7 == 0];
    }
    CHECK(parts[true] > 0);
    CHECK(std::abs(2 * parts[true] - parts[false]) <= 2);
  }
}

TEST_CASE("a plan of all posts at exact counts stores nothing a post, one of hashes less than 4 bytes") {
  std::mt19937_64 random(163);
  const PlanInput input = RandomInput(random, 300000);
  CHECK(Plan::Open(StrategySpec(SplitStrategy::kExact, DefaultSplits()), input)->memory_bytes() < 10000);
  const size_t size_bytes = Plan::Open(StrategySpec(SplitStrategy::kHash, DefaultSplits()), input)->memory_bytes();
  CHECK(size_bytes > 300000 / 8);
  CHECK(size_bytes < 300000 / 2);
}

TEST_CASE("what only the posts can tell is refused when the plan is opened") {
  std::mt19937_64 random(164);
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, SplitsOfShares({1}));
  SetOrder(random, OrderKind::kWeighted, &spec, &spec.splits[0]);
  PlanInput input = RandomInput(random, 50);
  input.weights.assign(50, 0);
  CHECK(ReasonOf(Plan::Open(spec, input).status()) == Reason::kFieldInvalid);
  input.weights.resize(49);
  CHECK(ReasonOf(Plan::Open(spec, input).status()) == Reason::kInternal);
}

}  // namespace
}  // namespace millrace
