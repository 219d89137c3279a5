// Goal: a plan says what its specification does not lead one to expect, and is silent otherwise. Method: plans with one
// surprise each, and the sentence about it.
#include "core/plan/plan_notes.h"

#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

std::vector<std::string> NotesOf(const PlanSpec& spec, const PlanInput& input) {
  const Plan plan = Plan::Open(spec, input).value();
  return {plan.notes().begin(), plan.notes().end()};
}

using Notes = std::vector<std::string>;

TEST_CASE("a plan without surprises has no notes") {
  std::mt19937_64 random(170);
  const PlanInput input = RandomInput(random, 1000);
  for (const SplitStrategy strategy : {SplitStrategy::kExact, SplitStrategy::kHash, SplitStrategy::kPartitioned}) {
    CHECK(NotesOf(StrategySpec(strategy, DefaultSplits()), input) == Notes{});
    CHECK(NotesOf(StrategySpec(strategy, SplitsOfShares({1, 0})), input) == Notes{});  // as it was asked for
  }
}

TEST_CASE("splits that got nothing are named") {
  std::mt19937_64 random(171);
  CHECK(NotesOf(StrategySpec(SplitStrategy::kExact, DefaultSplits()), RandomInput(random, 2)) ==
        Notes{"Split \"test\" got no posts, so that its epochs have no steps."});
}

TEST_CASE("posts in no split are counted, with the reason") {
  PlanSpec spec = StrategySpec(SplitStrategy::kIdRange, SplitsOfShares({0, 0}));
  spec.modulus = 10;
  spec.splits[0].ranges = {{0, 5}};
  spec.splits[1].ranges = {{9, 9}};
  PlanInput input;
  for (int64_t id = 0; id < 25; ++id) input.post_ids.push_back(id);
  input.row_count = 25;
  CHECK(NotesOf(spec, input) ==
        Notes{"6 of the 25 selected posts are in no split: no range holds their ids modulo 10."});
  spec.splits[1].ranges = {{6, 9}};
  CHECK(NotesOf(spec, input) == Notes{});

  spec = StrategySpec(SplitStrategy::kPartitioned, DefaultSplits());
  spec.coverage = Coverage::kHalf;
  input.row_count = 165;
  CHECK(NotesOf(spec, input) ==
        Notes{"85 of the 165 selected posts are in no split: half coverage serves 8 of every 16 "
              "posts, and none of those left at the end."});
}

TEST_CASE("members that are never drawn are counted") {
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, SplitsOfShares({1, 0}));
  spec.splits[0].order = OrderKind::kWeighted;
  spec.weights = WeightsSpec{};
  spec.weights->queries.push_back({"sky", 3});
  PlanInput input;
  input.row_count = 30;
  input.weights.assign(30, 3);
  CHECK(NotesOf(spec, input) == Notes{});
  input.weights[4] = input.weights[9] = 0;
  CHECK(NotesOf(spec, input) == Notes{"2 of the 30 posts of split \"s0\" have the weight 0 and are never drawn."});

  spec.weights.reset();
  spec.splits[0].order = OrderKind::kMixed;
  spec.mix = MixSpec{.parts = {{"sky", 1}, {"sea", 2}}, .epoch_samples = 0};
  input.mix_parts.assign(30, 0);
  for (size_t i = 0; i < 9; ++i) input.mix_parts[i] = 1;
  input.mix_parts[20] = kNoMixPart;
  CHECK(NotesOf(spec, input) ==
        Notes{"1 of the 30 posts of split \"s0\" match no part of the mix and are never drawn."});
}

TEST_CASE("strata and units have notes of their own, before those of the splits") {
  std::mt19937_64 random(172);
  PlanSpec spec = StrategySpec(SplitStrategy::kStratified, DefaultSplits());
  spec.unit = SplitUnit::kPool;
  PlanInput input = RandomInput(random, 30);
  for (size_t i = 0; i < 30; ++i) {
    input.unit_keys[i] = {1, 4};
    input.strata[i] = 2;
  }
  const Notes notes = NotesOf(spec, input);
  REQUIRE(notes.size() == 6);
  CHECK_THAT(notes[0], Catch::Contains("rating sensitive"));
  for (size_t i = 1; i < 4; ++i) CHECK_THAT(notes[i], Catch::Contains("pool 4 has 30"));
  for (size_t i = 4; i < 6; ++i) CHECK_THAT(notes[i], Catch::Contains("got no posts"));
}

}  // namespace
}  // namespace millrace
