// Selections with random ids, units and strata, and what every strategy promises about the splits that it makes of
// them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "core/plan/split_strategies.h"
#include "tests/support/catch.h"

namespace millrace {

// Splits s0, s1, ... with these shares.
inline std::vector<SplitSpec> SplitsOfShares(const std::vector<int64_t>& shares) {
  std::vector<SplitSpec> splits;
  for (const int64_t share : shares) {
    SplitSpec& split = splits.emplace_back();
    split.name = "s" + std::to_string(splits.size() - 1);
    split.share = share;
  }
  return splits;
}

// One to six splits; some may have no share.
inline std::vector<SplitSpec> RandomSplits(std::mt19937_64& random) {
  std::vector<int64_t> shares(1 + random() % 6);
  for (int64_t& share : shares) share = static_cast<int64_t>(random() % 4 == 0 ? 0 : random() % 100);
  shares[random() % shares.size()] = 30;
  return SplitsOfShares(shares);
}

inline PlanSpec StrategySpec(SplitStrategy strategy, std::vector<SplitSpec> splits, uint64_t seed = 42) {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.seed = seed;
  spec.strategy = strategy;
  spec.splits = std::move(splits);
  spec.batch_size = 8;
  if (strategy == SplitStrategy::kStratified) spec.stratify = StratifySpec{};
  return spec;
}

// Ids ascend with gaps; units have one to `unit_size_max` posts that need not be neighbours, and posts on their own.
inline PlanInput RandomInput(std::mt19937_64& random, int64_t size, uint64_t unit_size_max = 5) {
  PlanInput input;
  input.row_count = size;
  const uint64_t unit_count = static_cast<uint64_t>(size) / unit_size_max + 1;
  const uint64_t stratum_count = 1 + random() % 9;
  int64_t id = static_cast<int64_t>(random() % 100);
  for (int64_t element = 0; element < size; ++element) {
    id += 1 + static_cast<int64_t>(random() % 4);
    input.post_ids.push_back(id);
    const bool is_alone = random() % 3 == 0;
    input.unit_keys.push_back(is_alone ? UnitKey{0, id} : UnitKey{1, static_cast<int64_t>(random() % unit_count)});
    // Of very different sizes: the last ones are rare.
    input.strata.push_back(static_cast<int64_t>(random() % (1 + random() % stratum_count)));
  }
  return input;
}

inline std::vector<int64_t> ElementsOf(const SplitMembers& members) {
  std::vector<int64_t> elements(static_cast<size_t>(members.size()));
  std::iota(elements.begin(), elements.end(), int64_t{0});
  members.Elements(absl::MakeSpan(elements));
  return elements;
}

// The split of every element, -1 for none. Checks that no two splits hold an element, and that Find knows each.
inline std::vector<int> SplitOfElements(const std::vector<SplitMembers>& members, int64_t size) {
  std::vector<int> splits(static_cast<size_t>(size), -1);
  for (size_t split = 0; split < members.size(); ++split) {
    const std::vector<int64_t> elements = ElementsOf(members[split]);
    for (size_t member = 0; member < elements.size(); ++member) {
      REQUIRE((elements[member] >= 0 && elements[member] < size));
      int& holder = splits[static_cast<size_t>(elements[member])];
      REQUIRE(holder == -1);
      holder = static_cast<int>(split);
    }
    if (!elements.empty()) {
      const size_t probe = elements.size() / 2;
      REQUIRE(members[split].Find(elements[probe]) == static_cast<int64_t>(probe));
    }
  }
  return splits;
}

inline bool IsComplete(const std::vector<int>& splits) {
  return std::find(splits.begin(), splits.end(), -1) == splits.end();
}

inline bool IsAscending(const SplitMembers& members) {
  const std::vector<int64_t> elements = ElementsOf(members);
  return std::is_sorted(elements.begin(), elements.end());
}

// Whether elements with the same key are in the same split.
inline bool IsWhole(const std::vector<int>& splits, const std::vector<UnitKey>& keys) {
  std::vector<std::pair<UnitKey, int>> pairs;
  for (size_t i = 0; i < keys.size(); ++i) pairs.emplace_back(keys[i], splits[i]);
  std::sort(pairs.begin(), pairs.end());
  for (size_t i = 1; i < pairs.size(); ++i) {
    if (pairs[i].first == pairs[i - 1].first && pairs[i].second != pairs[i - 1].second) return false;
  }
  return true;
}

}  // namespace millrace
