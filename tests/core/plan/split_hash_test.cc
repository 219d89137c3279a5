// Goal: with `hash`, a unit's split depends on nothing but the seed, the shares and its key: growing data, and narrower
// queries, move no post. Method: random selections, and the same ones with posts added and removed.
#include <cmath>
#include <map>

#include "core/plan/hash.h"
#include "core/plan/key.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

// Section 5.3, in 128 bits and split after split.
int SplitOfHash(const PlanSpec& spec, uint64_t hash) {
  unsigned __int128 share_sum = 0, before = 0;
  for (const SplitSpec& split : spec.splits) share_sum += static_cast<unsigned __int128>(split.share);
  for (size_t split = 0;; ++split) {
    before += static_cast<unsigned __int128>(spec.splits[split].share);
    if (hash < (before << 64) / share_sum) return static_cast<int>(split);
  }
}

std::map<UnitKey, int> SplitOfKeys(const PlanSpec& spec, const PlanInput& input) {
  const std::vector<int> splits = SplitOfElements(DealSplits(spec, input)->members, SelectionSize(input));
  std::map<UnitKey, int> split_of_keys;
  for (size_t i = 0; i < splits.size(); ++i) {
    const UnitKey key = spec.unit == SplitUnit::kPost ? UnitKey{0, input.post_ids[i]} : input.unit_keys[i];
    const auto [entry, is_new] = split_of_keys.emplace(key, splits[i]);
    REQUIRE((is_new || entry->second == splits[i]));
  }
  return split_of_keys;
}

TEST_CASE("hash: every post is in one split, by its key's hash") {
  std::mt19937_64 random(110);
  for (int round = 0; round < 60; ++round) {
    PlanSpec spec = StrategySpec(SplitStrategy::kHash, RandomSplits(random), random());
    if (round % 5 == 0) spec.splits = SplitsOfShares(std::vector<int64_t>(kSplitCountMax, kShareMax));
    spec.unit = round % 2 == 0 ? SplitUnit::kPost : SplitUnit::kParent;
    const int64_t size = 1 + static_cast<int64_t>(random() % 3000);
    const PlanInput input = RandomInput(random, size);
    const DealtSplits dealt = DealSplits(spec, input).value();
    const std::vector<int> splits = SplitOfElements(dealt.members, size);
    REQUIRE(IsComplete(splits));
    for (const SplitMembers& members : dealt.members) REQUIRE(IsAscending(members));
    if (spec.unit != SplitUnit::kPost) REQUIRE(IsWhole(splits, input.unit_keys));
    const RoundWords words = ExpandKey(LabelledKey("millrace.v1.hash", spec.seed, "", 0), 0);
    for (size_t i = 0; i < splits.size(); ++i) {
      const UnitKey key = spec.unit == SplitUnit::kPost ? UnitKey{0, input.post_ids[i]} : input.unit_keys[i];
      REQUIRE(splits[i] == SplitOfHash(spec, Hash64(words, key.kind, static_cast<uint64_t>(key.id))));
    }
  }
}

TEST_CASE("hash: no unit changes its split when posts come and go") {
  std::mt19937_64 random(111);
  for (const SplitUnit unit : {SplitUnit::kPost, SplitUnit::kArtist}) {
    PlanSpec spec = StrategySpec(SplitStrategy::kHash, SplitsOfShares({80, 10, 10}));
    spec.unit = unit;
    const PlanInput all = RandomInput(random, 4000);
    const std::map<UnitKey, int> before = SplitOfKeys(spec, all);
    for (const uint64_t keep_of_ten : {1, 5, 9}) {
      PlanInput some = all;
      some.post_ids.clear();
      some.unit_keys.clear();
      for (size_t i = 0; i < all.post_ids.size(); ++i) {
        if (random() % 10 >= keep_of_ten) continue;
        some.post_ids.push_back(all.post_ids[i]);
        some.unit_keys.push_back(all.unit_keys[i]);
      }
      some.row_count = static_cast<int64_t>(some.post_ids.size());
      for (const auto& [key, split] : SplitOfKeys(spec, some)) REQUIRE(before.at(key) == split);
    }
  }
}

TEST_CASE("hash: the splits come near to their shares, and another seed makes others") {
  std::mt19937_64 random(112);
  constexpr int64_t kSize = 100000;
  PlanSpec spec = StrategySpec(SplitStrategy::kHash, SplitsOfShares({80, 0, 15, 5}));
  const PlanInput input = RandomInput(random, kSize);
  const DealtSplits dealt = DealSplits(spec, input).value();
  for (size_t split = 0; split < spec.splits.size(); ++split) {
    const double share = static_cast<double>(spec.splits[split].share) / 100;
    const double deviation = static_cast<double>(dealt.members[split].size()) - share * kSize;
    CHECK(std::abs(deviation) <= 5 * std::sqrt(share * (1 - share) * kSize));
  }
  spec.seed = 43;
  const std::vector<int> splits = SplitOfElements(dealt.members, kSize);
  const std::vector<int> others = SplitOfElements(DealSplits(spec, input)->members, kSize);
  int64_t moved_count = 0;
  for (size_t i = 0; i < splits.size(); ++i) moved_count += splits[i] != others[i] ? 1 : 0;
  CHECK(moved_count > kSize * 3 / 10);  // of independent splits: 1 - 0.8^2 - 0.15^2 - 0.05^2 = 0.335
}

TEST_CASE("hash: a split without a share gets nothing, wherever it stands") {
  std::mt19937_64 random(113);
  const PlanSpec spec = StrategySpec(SplitStrategy::kHash, SplitsOfShares({0, 0, 1, 0, 2147483647, 0}));
  const DealtSplits dealt = DealSplits(spec, RandomInput(random, 20000)).value();
  for (const size_t split : {0, 1, 3, 5}) CHECK(dealt.members[split].size() == 0);
  CHECK(dealt.members[2].size() <= 3);
  CHECK(dealt.members[4].size() >= 19997);
}

TEST_CASE("hash: a unit larger than its split's share is named") {
  std::mt19937_64 random(114);
  PlanSpec spec = StrategySpec(SplitStrategy::kHash, SplitsOfShares({1, 1}));
  spec.unit = SplitUnit::kArtist;
  PlanInput input = RandomInput(random, 1000);
  for (size_t i = 0; i < 900; ++i) input.unit_keys[i] = {1, 5};
  const DealtSplits dealt = DealSplits(spec, input).value();
  REQUIRE(dealt.notes.size() == 1);
  CHECK_THAT(dealt.notes[0],
             Catch::Contains("comes to 500 posts") && Catch::Contains("the artist with the tag id 5 has 9"));
}

}  // namespace
}  // namespace millrace
