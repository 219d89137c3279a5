// Goal: `exact` gives every split its count of posts to the last one, or with units as nearly as they allow, and tears
// none. Method: random selections, compared with section 5 of the specification done the long way.
#include <map>

#include "core/plan/permutation.h"
#include "core/plan/split.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

TEST_CASE("exact over posts: every split has its count, and each post is in one") {
  std::mt19937_64 random(100);
  for (int round = 0; round < 100; ++round) {
    PlanSpec spec = StrategySpec(SplitStrategy::kExact, RandomSplits(random), random());
    const int64_t size = 1 + static_cast<int64_t>(random() % 3000);
    for (SplitSpec& split : spec.splits) split.order = static_cast<OrderKind>(1 + random() % 4);
    const DealtSplits dealt = DealSplits(spec, RandomInput(random, size)).value();
    REQUIRE(IsComplete(SplitOfElements(dealt.members, size)));
    const std::vector<int64_t> counts = ExactCounts(size, SharesOf(spec));
    for (size_t split = 0; split < counts.size(); ++split) REQUIRE(dealt.members[split].size() == counts[split]);
    CHECK(dealt.notes.empty());
  }
}

TEST_CASE("exact over posts: an order changes the sequence of members, never which they are") {
  std::mt19937_64 random(101);
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, SplitsOfShares({8, 1, 3}));
  const PlanInput input = RandomInput(random, 5000);
  const DealtSplits shuffled = DealSplits(spec, input).value();
  for (const OrderKind order : {OrderKind::kSequential, OrderKind::kBlock, OrderKind::kWeighted, OrderKind::kMixed}) {
    spec.splits[0].order = order;
    spec.splits[2].order = OrderKind::kFixed;
    PlanInput with_values = input;
    with_values.weights.assign(5000, 1);
    with_values.mix_parts.assign(5000, 0);
    const DealtSplits ascending = DealSplits(spec, with_values).value();
    std::vector<int64_t> expected = ElementsOf(shuffled.members[0]);
    CHECK(ElementsOf(ascending.members[0]) != expected);
    std::sort(expected.begin(), expected.end());
    CHECK(ElementsOf(ascending.members[0]) == expected);
    CHECK(ElementsOf(ascending.members[1]) == ElementsOf(shuffled.members[1]));
    CHECK(ElementsOf(ascending.members[2]) == ElementsOf(shuffled.members[2]));
  }
}

// Section 5.2, a layout that is written out.
std::vector<int> SplitsByLayout(const PlanSpec& spec, const std::vector<UnitKey>& keys) {
  std::vector<std::vector<size_t>> units;
  std::map<UnitKey, size_t> numbers;
  for (size_t element = 0; element < keys.size(); ++element) {
    const auto [entry, is_new] = numbers.emplace(keys[element], units.size());
    if (is_new) units.push_back({});
    units[entry->second].push_back(element);
  }
  const Permutation dealt = Permutation::Create(static_cast<int64_t>(units.size()), SelectionKey(spec.seed)).value();
  const std::vector<int64_t> counts = ExactCounts(static_cast<int64_t>(keys.size()), SharesOf(spec));
  std::vector<int> split_at_place;
  for (size_t split = 0; split < counts.size(); ++split) {
    split_at_place.insert(split_at_place.end(), static_cast<size_t>(counts[split]), static_cast<int>(split));
  }
  std::vector<int> splits(keys.size());
  size_t place = 0;
  for (int64_t i = 0; i < dealt.size(); ++i) {
    const std::vector<size_t>& unit = units[static_cast<size_t>(dealt.At(i))];
    for (const size_t element : unit) splits[element] = split_at_place[place];
    place += unit.size();
  }
  return splits;
}

TEST_CASE("exact over units: no unit is torn, and sizes are off by less than the largest unit") {
  std::mt19937_64 random(102);
  for (int round = 0; round < 150; ++round) {
    PlanSpec spec = StrategySpec(SplitStrategy::kExact, RandomSplits(random), random());
    spec.unit = SplitUnit::kArtist;
    const int64_t size = 1 + static_cast<int64_t>(random() % 3000);
    const PlanInput input = RandomInput(random, size, 1 + random() % 40);
    const DealtSplits dealt = DealSplits(spec, input).value();
    const std::vector<int> splits = SplitOfElements(dealt.members, size);
    REQUIRE(IsComplete(splits));
    REQUIRE(IsWhole(splits, input.unit_keys));
    REQUIRE(splits == SplitsByLayout(spec, input.unit_keys));
    std::map<UnitKey, int64_t> sizes;
    int64_t largest = 0;
    for (const UnitKey& key : input.unit_keys) largest = std::max(largest, ++sizes[key]);
    const std::vector<int64_t> counts = ExactCounts(size, SharesOf(spec));
    for (size_t split = 0; split < counts.size(); ++split) {
      REQUIRE(std::abs(dealt.members[split].size() - counts[split]) < largest);
      REQUIRE(IsAscending(dealt.members[split]));
    }
  }
}

TEST_CASE("exact over units of one post deals them as posts are dealt") {
  std::mt19937_64 random(103);
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, SplitsOfShares({80, 10, 10}));
  PlanInput input = RandomInput(random, 2000);
  for (size_t i = 0; i < input.unit_keys.size(); ++i) input.unit_keys[i] = {0, input.post_ids[i]};
  const std::vector<int> by_posts = SplitOfElements(DealSplits(spec, input)->members, 2000);
  spec.unit = SplitUnit::kPool;
  CHECK(SplitOfElements(DealSplits(spec, input)->members, 2000) == by_posts);
}

TEST_CASE("a unit larger than a split's share is named, with what the split got") {
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, SplitsOfShares({80, 10, 10}));
  spec.unit = SplitUnit::kPool;
  std::mt19937_64 random(104);
  PlanInput input = RandomInput(random, 1000);
  for (size_t i = 0; i < 1000; ++i) input.unit_keys[i] = i < 600 ? UnitKey{1, 77} : UnitKey{0, input.post_ids[i]};
  const DealtSplits dealt = DealSplits(spec, input).value();
  REQUIRE(!dealt.notes.empty());
  for (size_t split = 1; split < 3; ++split) {
    const int64_t got = dealt.members[split].size();
    if (got == 100) continue;
    const std::string expected = "The share of split \"s" + std::to_string(split) +
                                 "\" comes to 100 posts, and it got " + std::to_string(got) +
                                 ": pool 77 has 600 of the selected posts, and one split holds them whole.";
    CHECK(std::count(dealt.notes.begin(), dealt.notes.end(), expected) == 1);
  }
  for (UnitKey& key : input.unit_keys) key = {1, 77};  // larger than everything
  const DealtSplits one_unit = DealSplits(spec, input).value();
  CHECK(one_unit.members[0].size() == 1000);
  CHECK(one_unit.members[1].size() == 0);
  CHECK(one_unit.notes.size() == 3);
}

}  // namespace
}  // namespace millrace
