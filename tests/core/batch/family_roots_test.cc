// Goal: families have the roots that docs/plan-specification.md defines, in a number of steps in proportion to the
// posts. Method: chains, circles and missing parents by hand; random families against following parents one by one.
#include "core/batch/family_roots.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Parents = std::map<int64_t, std::optional<int64_t>>;

std::unique_ptr<Snapshot> WriteFamilies(const testing::TempFolder& folder, const Parents& parents) {
  testing::Content content;
  for (const auto& [id, parent_id] : parents) {
    content.posts.emplace_back().id = id;
    content.posts.back().parent_id = parent_id;
  }
  return testing::WriteAndOpen(folder.path(), content);
}

std::vector<int64_t> Roots(const Parents& parents) {
  const testing::TempFolder folder;
  const auto snapshot = WriteFamilies(folder, parents);
  FamilyRoots roots = *FamilyRoots::Open(*snapshot);
  std::vector<int64_t> result;
  for (uint32_t row = 0; row < parents.size(); ++row) result.push_back(roots.RootOf(row));
  return result;
}

// The definition, word by word.
int64_t RootNaively(const Parents& parents, int64_t id) {
  std::vector<int64_t> path;
  for (;;) {
    const auto seen = std::find(path.begin(), path.end(), id);
    if (seen != path.end()) return *std::min_element(seen, path.end());
    const auto post = parents.find(id);
    if (post == parents.end() || !post->second.has_value()) return id;
    path.push_back(id);
    id = *post->second;
  }
}

TEST_CASE("a chain's root is its first post, or the parent that is missing") {
  CHECK(Roots({{1, {}}, {2, 1}, {3, 2}, {9, {}}}) == std::vector<int64_t>{1, 1, 1, 9});
  CHECK(Roots({{1, 3}, {2, 1}, {3, {}}}) == std::vector<int64_t>{3, 3, 3});
  CHECK(Roots({{1, 77}, {2, 1}, {3, 77}}) == std::vector<int64_t>{77, 77, 77});
  CHECK(Roots({{-5, {}}, {0, -5}, {4, 0}, {5, -6}}) == std::vector<int64_t>{-5, -5, -5, -6});
}

TEST_CASE("a circle's root is its smallest id, also for posts that lead into it") {
  CHECK(Roots({{7, 7}}) == std::vector<int64_t>{7});
  CHECK(Roots({{3, 5}, {5, 8}, {8, 3}}) == std::vector<int64_t>{3, 3, 3});
  // 1 -> 2 -> 5 -> 8 -> 5: the smallest of the circle is 5, although 1 and 2 are smaller.
  CHECK(Roots({{1, 2}, {2, 5}, {5, 8}, {8, 5}, {9, 8}}) == std::vector<int64_t>{5, 5, 5, 5, 5});
}

TEST_CASE("random families have the roots that following their parents gives, in any order of asking") {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const uint32_t range = 1 + random() % 300;
    Parents parents;
    for (uint32_t i = 0; i < range; ++i) {
      auto& parent_id = parents[random() % range];
      if (random() % 8 != 0) parent_id = random() % (range + range / 8 + 1);
    }
    const testing::TempFolder folder;
    const auto snapshot = WriteFamilies(folder, parents);
    FamilyRoots roots = *FamilyRoots::Open(*snapshot);
    std::vector<std::pair<uint32_t, int64_t>> posts;
    for (const auto& [id, parent_id] : parents) posts.emplace_back(static_cast<uint32_t>(posts.size()), id);
    std::shuffle(posts.begin(), posts.end(), random);
    for (const auto& [row, id] : posts) REQUIRE(roots.RootOf(row) == RootNaively(parents, id));
  }
}

TEST_CASE("a chain through every post takes no time that grows with its square") {
  // 200,000 links: following them anew from each post would take minutes.
  Parents parents;
  for (int64_t id = 0; id < 200'000; ++id) parents[id] = id + 1;
  const std::vector<int64_t> roots = Roots(parents);
  CHECK(std::set<int64_t>(roots.begin(), roots.end()) == std::set<int64_t>{200'000});
  parents[199'999] = 100'000;
  const std::vector<int64_t> circle = Roots(parents);
  CHECK(std::set<int64_t>(circle.begin(), circle.end()) == std::set<int64_t>{100'000});
}

}  // namespace
}  // namespace millrace
