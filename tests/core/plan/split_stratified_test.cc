// Goal: `stratified` divides every stratum as `exact` would, joins those too small, and says so. Method: random
// selections with strata of very different sizes, counted stratum by stratum.
#include <map>
#include <set>

#include "core/plan/split.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kRest = -1;

// The stratum in which every element is dealt.
std::vector<int64_t> DealtStrata(const PlanSpec& spec, const PlanInput& input) {
  const auto key_of = [&](size_t i) {
    return spec.unit == SplitUnit::kPost ? UnitKey{0, static_cast<int64_t>(i)} : input.unit_keys[i];
  };
  size_t sharing_count = 0;
  for (const SplitSpec& split : spec.splits) sharing_count += split.share > 0 ? 1 : 0;
  std::map<UnitKey, int64_t> stratum_of_unit;
  std::map<int64_t, size_t> unit_counts;
  for (size_t i = 0; i < input.strata.size(); ++i) {
    if (stratum_of_unit.emplace(key_of(i), input.strata[i]).second) ++unit_counts[input.strata[i]];
  }
  std::vector<int64_t> strata;
  for (size_t i = 0; i < input.strata.size(); ++i) {
    const int64_t stratum = stratum_of_unit.at(key_of(i));
    strata.push_back(unit_counts[stratum] < sharing_count ? kRest : stratum);
  }
  return strata;
}

TEST_CASE("stratified over posts: every stratum is divided at exact counts, and the rest, too") {
  std::mt19937_64 random(130);
  bool had_rest = false, had_none = false;
  for (int round = 0; round < 100; ++round) {
    const PlanSpec spec = StrategySpec(SplitStrategy::kStratified, RandomSplits(random), random());
    const int64_t size = 1 + static_cast<int64_t>(random() % (round % 2 == 0 ? 40 : 3000));
    const PlanInput input = RandomInput(random, size);
    const DealtSplits dealt = DealSplits(spec, input).value();
    const std::vector<int> splits = SplitOfElements(dealt.members, size);
    REQUIRE(IsComplete(splits));
    std::map<int64_t, std::vector<int64_t>> counts;
    const std::vector<int64_t> strata = DealtStrata(spec, input);
    for (size_t i = 0; i < strata.size(); ++i) {
      std::vector<int64_t>& own = counts[strata[i]];
      own.resize(spec.splits.size());
      ++own[static_cast<size_t>(splits[i])];
    }
    for (const auto& [stratum, own] : counts) {
      const int64_t total = std::accumulate(own.begin(), own.end(), int64_t{0});
      REQUIRE(own == ExactCounts(total, SharesOf(spec)));
    }
    const bool has_rest = counts.count(kRest) > 0;
    CHECK(dealt.notes.size() == (has_rest ? 1 : 0));
    had_rest |= has_rest;
    had_none |= !has_rest;
    for (const SplitMembers& members : dealt.members) REQUIRE(IsAscending(members));
  }
  CHECK(had_rest);
  CHECK(had_none);
}

TEST_CASE("stratified over units: no unit is torn, strata are divided to within the largest unit") {
  std::mt19937_64 random(131);
  for (int round = 0; round < 80; ++round) {
    PlanSpec spec = StrategySpec(SplitStrategy::kStratified, RandomSplits(random), random());
    spec.unit = SplitUnit::kArtist;
    const int64_t size = 1 + static_cast<int64_t>(random() % 3000);
    const PlanInput input = RandomInput(random, size, 1 + random() % 20);
    const DealtSplits dealt = DealSplits(spec, input).value();
    const std::vector<int> splits = SplitOfElements(dealt.members, size);
    REQUIRE(IsComplete(splits));
    REQUIRE(IsWhole(splits, input.unit_keys));
    std::map<UnitKey, int64_t> sizes;
    int64_t largest = 0;
    for (const UnitKey& key : input.unit_keys) largest = std::max(largest, ++sizes[key]);
    std::map<int64_t, std::vector<int64_t>> counts;
    const std::vector<int64_t> strata = DealtStrata(spec, input);
    for (size_t i = 0; i < strata.size(); ++i) {
      std::vector<int64_t>& own = counts[strata[i]];
      own.resize(spec.splits.size());
      ++own[static_cast<size_t>(splits[i])];
    }
    for (const auto& [stratum, own] : counts) {
      const std::vector<int64_t> expected =
          ExactCounts(std::accumulate(own.begin(), own.end(), int64_t{0}), SharesOf(spec));
      for (size_t split = 0; split < own.size(); ++split) REQUIRE(std::abs(own[split] - expected[split]) < largest);
    }
  }
}

TEST_CASE("stratified: strata of one size are dealt independently of each other") {
  PlanSpec spec = StrategySpec(SplitStrategy::kStratified, SplitsOfShares({1, 1}));
  std::mt19937_64 random(132);
  PlanInput input = RandomInput(random, 2000);
  for (size_t i = 0; i < 2000; ++i) input.strata[i] = i < 1000 ? 0 : 1;
  const std::vector<int> splits = SplitOfElements(DealSplits(spec, input)->members, 2000);
  int same_count = 0;
  for (size_t i = 0; i < 1000; ++i) same_count += splits[i] == splits[i + 1000] ? 1 : 0;
  CHECK((same_count > 400 && same_count < 600));
}

TEST_CASE("stratified: a note counts the strata of the rest, and names up to five") {
  PlanSpec spec = StrategySpec(SplitStrategy::kStratified, SplitsOfShares({80, 10, 10}));
  spec.stratify = StratifySpec{.by = StratifyBy::kCategory, .tag = "", .category = TagCategory::kCharacter};
  std::mt19937_64 random(133);
  PlanInput input = RandomInput(random, 1000);
  for (size_t i = 0; i < 1000; ++i) input.strata[i] = i < 990 ? 0 : 21 + static_cast<int64_t>(i % 7);
  const DealtSplits dealt = DealSplits(spec, input).value();
  REQUIRE(dealt.notes.size() == 1);
  // The ten posts from 990 on give 23, 24, 25 two each, and one each to the others.
  CHECK(dealt.notes[0] ==
        "7 strata have fewer units than the 3 splits with a share, so that 10 posts were divided as one stratum, the "
        "rest: tag id 20, tag id 21, tag id 22, tag id 23, tag id 24, and others.");

  spec.stratify = StratifySpec{};
  for (size_t i = 0; i < 1000; ++i) input.strata[i] = i < 998 ? 1 : 4;
  CHECK(
      DealSplits(spec, input)->notes ==
      std::vector<std::string>{"1 stratum has fewer units than the 3 splits with a share, so that 2 posts were divided "
                               "as one stratum, the rest: rating explicit."});
}

TEST_CASE("stratified: when every stratum is too small, all posts are the rest") {
  const PlanSpec spec = StrategySpec(SplitStrategy::kStratified, SplitsOfShares({80, 10, 10}));
  std::mt19937_64 random(134);
  PlanInput input = RandomInput(random, 100);
  for (size_t i = 0; i < 100; ++i) input.strata[i] = static_cast<int64_t>(i);
  const DealtSplits dealt = DealSplits(spec, input).value();
  CHECK(dealt.members[0].size() == 80);
  CHECK(dealt.members[1].size() == 10);
  CHECK(dealt.members[2].size() == 10);
  CHECK_THAT(dealt.notes.at(0), Catch::Contains("100 strata have fewer units"));
}

}  // namespace
}  // namespace millrace
