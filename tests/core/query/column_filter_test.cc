// Goal: conditions that are told in one pass over columns select what they select one by one, among many rows, few rows
// and all. Method: conjunctions over more rows than are passed at a time, against one post at a time (naive.h).
#include "core/query/column_filter.h"

#include <algorithm>
#include <random>
#include <string>

#include "core/query/evaluator.h"
#include "core/snapshot/field_runs.h"
#include "tests/core/query/naive.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// Not a multiple of 64, and more than a block of a bitmap.
constexpr uint32_t kPostCount = 70'003;

testing::Content ManyPosts() {
  testing::Content content = testing::RandomContent(21, kPostCount, 25);
  std::mt19937 random(21);
  for (size_t row = 0; row < content.posts.size(); ++row) {
    Post& post = content.posts[row];
    // Runs whose rows all have their sides and a score, or none.
    const size_t run = row / snapshot_file::kRunRows;
    if (run % 3 == 1) post.width_px = post.height_px = post.score = std::nullopt;
    if (run % 3 == 1 || (run % 3 == 2 && random() % 4 == 0)) continue;
    post.width_px = static_cast<int32_t>(random() % 3000);
    post.height_px = static_cast<int32_t>(random() % 3000);
    post.score = static_cast<int32_t>(random() % 40) - 10;
  }
  return content;
}

// Rows to look among; the last are all.
std::vector<RowSet> Withins(std::mt19937& random) {
  std::vector<RowSet> withins;
  for (const uint32_t gap_max : {2u, 5u, 60u, 300u, 5000u}) {
    std::vector<uint32_t> rows;
    for (uint32_t row = random() % gap_max; row < kPostCount; row += 1 + random() % gap_max) rows.push_back(row);
    withins.push_back(RowSet::FromAscending(rows));
  }
  withins.push_back(RowSet::Range(8000, 8400));
  withins.push_back(RowSet::Range(20'000, 69'000));
  withins.push_back(RowSet::Range(kPostCount - 1, kPostCount));
  withins.push_back(RowSet());
  withins.push_back(RowSet::Range(0, kPostCount));
  return withins;
}

TEST_CASE("conditions of one pass select what each post says") {
  testing::TempFolder folder;
  const testing::Content content = ManyPosts();
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  std::mt19937 random(4);
  const std::vector<RowSet> withins = Withins(random);
  for (const std::string text :
       {"rating:g,s,q score:-5..20 width:300.. height:200.. -score:5 -width:700 mpixels:0.2.. -height:600 tagcount:1..",
        "score:1,5,10..20 -rating:e ratio:0.5..2", "-score:none -width:..100 height:any",
        "filetype:any -filetype:jpg,png", "filetype:jpg -mpixels:1,2", "date:1970.. -filesize:100.. -source:none",
        "gentags:1.. -pool:none source:*s*", "score:any width:any", "-height:any", "-score:1.. -mpixels:0.5..",
        "-status:deleted -status:active,pending tagcount:any", "tagcount:2,4 -tagcount:none -parent:none",
        "score:>100000", "-rating:g,s,q,e,unspecified"}) {
    CAPTURE(text);
    const Query query = *Query::Parse(text);
    const auto bound = BoundQuery::Bind(query, *snapshot, TagReading::kAsSaid);
    INFO(bound.status());
    REQUIRE(bound.ok());
    std::vector<uint32_t> expected;
    for (uint32_t row = 0; row < kPostCount; ++row) {
      if (testing::MatchesNaively(query, content.posts[row], content)) expected.push_back(row);
    }
    CHECK(SelectRows(*bound, *snapshot)->ToVector() == expected);
    for (const RowSet& within : withins) {
      RowSet rows = RowSet::FromAscending(expected);
      rows.And(within);
      CAPTURE(within.Count());
      REQUIRE(SelectRows(*bound, *snapshot, within)->ToVector() == rows.ToVector());
    }
  }
}

TEST_CASE("a pattern finds the rows of all its tags, also when the first fill whole blocks") {
  testing::TempFolder folder;
  testing::Content content;
  content.posts.resize(kPostCount);
  for (const char* name : {"x_all", "x_block", "x_some", "x_few", "y_block", "y_few", "y_odd"}) {
    content.tags.push_back({static_cast<int64_t>(content.tags.size()) + 1, name, TagCategory::kGeneral, 0});
  }
  for (uint32_t row = 0; row < kPostCount; ++row) {
    Post& post = content.posts[row];
    post.id = row + 1;
    const bool is_in_block = row < 65'536;
    const bool has[] = {
        row % 1000 != 7,           is_in_block, row % 3 == 0, row % 700 == 7, is_in_block, row % 900 == 1,
        row % 2 == 1 && row > 1000};
    for (size_t tag = 0; tag < std::size(has); ++tag) {
      if (!has[tag]) continue;
      post.tag_ids.push_back(static_cast<int64_t>(tag) + 1);
      ++content.tags[tag].post_count;
    }
  }
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  for (const std::string text : {"x_*", "*_few", "y_*", "*l*", "*o*", "*_block", "-y_*"}) {
    CAPTURE(text);
    const Query query = *Query::Parse(text);
    std::vector<uint32_t> expected;
    for (uint32_t row = 0; row < kPostCount; ++row) {
      if (testing::MatchesNaively(query, content.posts[row], content)) expected.push_back(row);
    }
    CHECK(SelectRows(*BoundQuery::Bind(query, *snapshot, TagReading::kAsSaid), *snapshot)->ToVector() == expected);
  }
}

}  // namespace
}  // namespace millrace
