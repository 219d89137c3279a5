// Goal: `id_range` puts a post where its id says. Method: random ranges and ids, negative ones too, compared with the
// rule applied range by range.
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

PlanSpec RangeSpec(int64_t modulus, std::vector<std::vector<IdRange>> ranges) {
  PlanSpec spec = StrategySpec(SplitStrategy::kIdRange, SplitsOfShares(std::vector<int64_t>(ranges.size(), 0)));
  spec.modulus = modulus;
  for (size_t split = 0; split < ranges.size(); ++split) spec.splits[split].ranges = std::move(ranges[split]);
  return spec;
}

PlanInput InputOfIds(std::vector<int64_t> ids) {
  PlanInput input;
  input.row_count = static_cast<int64_t>(ids.size());
  input.post_ids = std::move(ids);
  return input;
}

TEST_CASE("id_range: the field's convention") {
  const PlanSpec spec = RangeSpec(1000, {{{0, 899}}, {{950, 999}}});
  const PlanInput input = InputOfIds({0, 899, 900, 949, 950, 999, 1000, 2900, 3999, -1, -50, -51, -1000});
  const DealtSplits dealt = DealSplits(spec, input).value();
  CHECK(SplitOfElements(dealt.members, 13) == std::vector<int>{0, 0, -1, -1, 1, 1, 0, -1, 1, 1, 1, -1, 0});
}

TEST_CASE("id_range: an element is in the split whose range holds its id, or in none") {
  std::mt19937_64 random(120);
  for (int round = 0; round < 40; ++round) {
    const int64_t modulus = 2 + static_cast<int64_t>(random() % 2000);
    std::vector<std::vector<IdRange>> ranges(1 + random() % 5);
    for (int64_t first = 0; first < modulus;) {
      const int64_t last = std::min(modulus - 1, first + static_cast<int64_t>(random() % 50));
      if (random() % 4 != 0) ranges[random() % ranges.size()].push_back({first, last});
      first = last + 1 + static_cast<int64_t>(random() % 3);
    }
    std::vector<int64_t> ids;
    for (int i = 0; i < 2000; ++i) ids.push_back(static_cast<int64_t>(random() % 100000) - 50000);
    const PlanSpec spec = RangeSpec(modulus, ranges);
    const DealtSplits dealt = DealSplits(spec, InputOfIds(ids)).value();
    const std::vector<int> splits = SplitOfElements(dealt.members, 2000);
    for (size_t i = 0; i < ids.size(); ++i) {
      const int64_t residue = (ids[i] % modulus + modulus) % modulus;
      int expected = -1;
      for (size_t split = 0; split < ranges.size(); ++split) {
        for (const IdRange& range : ranges[split]) {
          if (range.first <= residue && residue <= range.last) expected = static_cast<int>(split);
        }
      }
      REQUIRE(splits[i] == expected);
    }
    for (const SplitMembers& members : dealt.members) CHECK(IsAscending(members));
  }
}

}  // namespace
}  // namespace millrace
