// Goal: no strategy deals what is not there, and the smallest and oddest selections are dealt by all. Method: every
// strategy over nothing, over one post, and with input missing.
#include "core/base/error.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

std::vector<PlanSpec> AllStrategies() {
  std::vector<PlanSpec> specs;
  for (int strategy = 1; strategy <= 5; ++strategy) {
    PlanSpec& spec = specs.emplace_back(StrategySpec(static_cast<SplitStrategy>(strategy), DefaultSplits()));
    if (spec.strategy != SplitStrategy::kIdRange) continue;
    spec.modulus = 10;
    spec.splits[0].ranges = {{0, 7}};
    spec.splits[1].ranges = {{8, 8}};
    spec.splits[2].ranges = {{9, 9}};
  }
  for (const SplitStrategy strategy : {SplitStrategy::kExact, SplitStrategy::kHash, SplitStrategy::kStratified}) {
    specs.push_back(StrategySpec(strategy, DefaultSplits()));
    specs.back().unit = SplitUnit::kParent;
  }
  return specs;
}

TEST_CASE("a selection of one post puts it into one split") {
  std::mt19937_64 random(150);
  for (const PlanSpec& spec : AllStrategies()) {
    const DealtSplits dealt = DealSplits(spec, RandomInput(random, 1)).value();
    REQUIRE(dealt.members.size() == 3);
    CHECK(IsComplete(SplitOfElements(dealt.members, 1)));
  }
}

TEST_CASE("members are elements of the selection, not rows of the snapshot") {
  std::mt19937_64 random(151);
  for (const PlanSpec& spec : AllStrategies()) {
    PlanInput input = RandomInput(random, 100);
    input.row_count = 5000;
    std::vector<uint32_t> rows(100);
    for (uint32_t i = 0; i < 100; ++i) rows[i] = 17 * i + 2000;
    input.selection = RowList::FromAscending(rows, 5000);
    CHECK(IsComplete(SplitOfElements(DealSplits(spec, input)->members, 100)));
  }
}

TEST_CASE("there must be posts to deal") {
  for (PlanSpec spec : AllStrategies()) {
    CHECK(ReasonOf(DealSplits(spec, {}).status()) == Reason::kSnapshotEmpty);
    spec.query = "no_such_thing";
    PlanInput input;
    input.row_count = 100;
    input.selection = RowList();
    const absl::Status status = DealSplits(spec, input).status();
    CHECK(ReasonOf(status) == Reason::kSelectionEmpty);
    CHECK(MetadataOf(status)["query"] == "no_such_thing");
  }
}

TEST_CASE("a strategy refuses more posts than it can hold, and input that was not read") {
  PlanInput huge;
  huge.row_count = (int64_t{1} << 32) + 1;
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, DefaultSplits());
  CHECK(DealSplits(spec, huge).ok());
  spec.splits[0].order = OrderKind::kSequential;
  CHECK(FieldOf(DealSplits(spec, huge).status()) == "spec.query");
  huge.row_count = Permutation::kSizeMax + 1;
  spec.splits[0].order = OrderKind::kEpoch;
  CHECK(FieldOf(DealSplits(spec, huge).status()) == "spec.query");

  std::mt19937_64 random(152);
  for (const PlanSpec& needy : AllStrategies()) {
    const PlanNeeds needs = NeedsOf(needy);
    if (!needs.post_ids && !needs.unit_keys && !needs.strata) continue;
    PlanInput input = RandomInput(random, 50);
    input.row_count = 51;
    CHECK(ReasonOf(DealSplits(needy, input).status()) == Reason::kInternal);
  }
}

}  // namespace
}  // namespace millrace
