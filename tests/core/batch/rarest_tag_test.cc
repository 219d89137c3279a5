// Goal: the rarest tag and its weight are those of docs/plan-specification.md, 5.4 and 6.4, at every border. Method:
// ties and categories by hand; weights against 128-bit arithmetic with a square root found by halving.
#include "core/batch/rarest_tag.h"

#include <algorithm>
#include <random>

#include "core/base/error.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Wide = unsigned __int128;

Wide SquareRootByHalving(Wide square) {
  Wide low = 0;
  Wide high = Wide{1} << 40;
  while (high - low > 1) {
    const Wide middle = (low + high) / 2;
    (middle * middle <= square ? low : high) = middle;
  }
  return low;
}

int64_t WeightNaively(int64_t post_count, int64_t tag_post_count, int64_t cap, int64_t power_quarters) {
  const Wide r = (static_cast<Wide>(post_count) << 16) / static_cast<Wide>(tag_post_count);
  const Wide r2 = SquareRootByHalving(r << 16);
  const Wide r1 = SquareRootByHalving(r2 << 16);
  const Wide weights[] = {r1, r2, (r1 * r2) >> 16, r};
  return static_cast<int64_t>(std::min(weights[power_quarters - 1], static_cast<Wide>(cap) << 16));
}

TEST_CASE("weights are exact from the rarest to the most common tag") {
  CHECK(TagFrequencyWeight(100, 100, 1, 1) == 65'536);
  CHECK(TagFrequencyWeight(400, 100, 100, 2) == 2 * 65'536);
  CHECK(TagFrequencyWeight(1600, 100, 100, 1) == 2 * 65'536);
  CHECK(TagFrequencyWeight(1600, 100, 100, 3) == 8 * 65'536);
  CHECK(TagFrequencyWeight(1600, 100, 100, 4) == 16 * 65'536);
  CHECK(TagFrequencyWeight(1600, 100, 7, 4) == 7 * 65'536);
  std::vector<std::pair<int64_t, int64_t>> cases = {{1, 1}, {0xFFFFFFFF, 1}, {0xFFFFFFFF, 0xFFFFFFFF}, {0xFFFFFFFF, 2}};
  std::mt19937_64 random(8);
  for (int i = 0; i < 4000; ++i) {
    const int64_t post_count = static_cast<int64_t>(1 + (random() % 0xFFFFFFFF >> random() % 32));
    cases.emplace_back(post_count, 1 + static_cast<int64_t>((random() >> 32) % static_cast<uint64_t>(post_count)));
    cases.emplace_back(post_count, 1 + static_cast<int64_t>(random() % std::min<uint64_t>(post_count, 20)));
  }
  for (const auto& [post_count, tag_post_count] : cases) {
    for (int64_t power_quarters = 1; power_quarters <= 4; ++power_quarters) {
      for (const int64_t cap : {1, 100, 1 << 20}) {
        CAPTURE(post_count, tag_post_count, power_quarters, cap);
        REQUIRE(TagFrequencyWeight(post_count, tag_post_count, cap, power_quarters) ==
                WeightNaively(post_count, tag_post_count, cap, power_quarters));
      }
    }
  }
}

TEST_CASE("the rarest tag is the one with the fewest posts, then the smallest id") {
  testing::TempFolder folder;
  testing::Content content;
  content.tags = {{10, "a", TagCategory::kGeneral, 3},
                  {20, "b", TagCategory::kArtist, 2},
                  {30, "c", TagCategory::kGeneral, 2},
                  {40, "d", TagCategory::kArtist, 1}};
  content.posts.resize(3);
  const std::vector<int64_t> kTagIds[] = {{10, 20, 30, 40}, {10, 20}, {10, 30}};
  for (size_t i = 0; i < 3; ++i) content.posts[i].id = static_cast<int64_t>(i), content.posts[i].tag_ids = kTagIds[i];
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const RarestTagFinder all = *RarestTagFinder::Open(*snapshot, TagReading::kAsSaid, std::nullopt);
  CHECK(all.Find({0, 1, 2, 3}) == 3u);
  CHECK(all.Find({0, 1, 2}) == 1u);
  CHECK(all.Find({0, 2}) == 2u);
  CHECK(all.Find({0}) == 0u);
  CHECK(all.Find({}) == std::nullopt);
  CHECK(all.post_count(1) == 2);
  const RarestTagFinder general = *RarestTagFinder::Open(*snapshot, TagReading::kAsSaid, TagCategory::kGeneral);
  CHECK(general.Find({0, 1, 2, 3}) == 2u);
  CHECK(general.Find({1, 3}) == std::nullopt);
}

}  // namespace
}  // namespace millrace
