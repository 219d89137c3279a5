// Goal: the rows that match are exactly those that docs/query-language.md says, whichever way they are asked for.
// Method: random snapshots longer than a block, random queries, against an evaluator that looks at one post at a time;
// by hand, what random content rarely meets.
#include "core/query/row_matcher.h"

#include <algorithm>
#include <random>

#include "core/base/error.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Field = QueryTerm::Field;
using testing::Content;

BoundQuery Bound(const std::string& text, const Snapshot& snapshot) {
  const auto query = Query::Parse(text);
  INFO(query.status());
  REQUIRE(query.ok());
  const auto bound = BoundQuery::Bind(*query, snapshot);
  INFO(bound.status());
  REQUIRE(bound.ok());
  return *bound;
}

// The definition, post by post.
bool Holds(const QueryTerm& term, const Post& post, const Content& content) {
  const auto in_range = [&](const auto& value) {
    return value.has_value() && *value >= term.first && *value <= term.last;
  };
  switch (term.field) {
    case Field::kRating:
      return (term.rating_mask >> static_cast<unsigned>(post.rating) & 1) != 0;
    case Field::kId:
      return in_range(std::optional(post.id));
    case Field::kScore:
      return in_range(post.score);
    case Field::kWidth:
      return in_range(post.width_px);
    case Field::kHeight:
      return in_range(post.height_px);
    case Field::kTag:
      return std::any_of(content.tags.begin(), content.tags.end(), [&](const Tag& tag) {
        return tag.name == term.tag && std::count(post.tag_ids.begin(), post.tag_ids.end(), tag.id) > 0;
      });
  }
  return false;
}

bool MatchesNaively(const std::string& text, const Post& post, const Content& content) {
  const Query query = *Query::Parse(text);
  return std::all_of(query.terms().begin(), query.terms().end(),
                     [&](const QueryTerm& term) { return Holds(term, post, content) != term.is_negated; });
}

std::string RandomTerm(std::mt19937& random, const Content& content) {
  const auto below = [&](int64_t n) { return static_cast<int64_t>(random() % static_cast<uint64_t>(n)); };
  const std::string sign = below(3) == 0 ? "-" : "";
  if (below(2) == 0) {
    // Common ones: the first tags are on more posts.
    const size_t count = static_cast<size_t>(1 + below(static_cast<int64_t>(content.tags.size())));
    return sign + content.tags[random() % count].name;
  }
  const char* const kRatings[] = {"g", "s", "q", "e", "safe", "sensitive", "unspecified", "general"};
  if (below(4) == 0) return sign + "rating:" + kRatings[below(8)];
  const char* const kFields[] = {"id:", "score:", "width:", "height:"};
  const int64_t range = below(2) == 0 ? 500 : 40'000;
  const std::string a = std::to_string(below(range) - range / 4);
  const std::string b = std::to_string(below(range) + range);
  const std::string ranges[] = {a, ">" + a, ">=" + a, "<" + a, "<=" + a, a + ".." + b, a + "..", ".." + a};
  return sign + kFields[below(4)] + ranges[below(8)];
}

std::string RandomQuery(std::mt19937& random, const Content& content) {
  std::string text;
  for (uint32_t i = random() % 4; i > 0; --i) text += RandomTerm(random, content) + " ";
  return text;
}

TEST_CASE("random queries select the rows that a post by post evaluation does") {
  const auto [post_count, tag_count] = GENERATE(std::pair(20'000, 300), std::pair(8192, 40), std::pair(3, 5));
  testing::TempFolder folder;
  const Content content = testing::RandomContent(static_cast<uint32_t>(post_count), post_count, tag_count);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  std::mt19937 random(11);
  int64_t selected_count = 0;
  for (int i = 0; i < 60; ++i) {
    const std::string text = RandomQuery(random, content);
    CAPTURE(text);
    std::vector<uint32_t> expected;
    for (size_t row = 0; row < content.posts.size(); ++row) {
      if (MatchesNaively(text, content.posts[row], content)) expected.push_back(static_cast<uint32_t>(row));
    }
    const BoundQuery query = Bound(text, *snapshot);
    REQUIRE(*SelectRows(query, *snapshot) == expected);
    selected_count += static_cast<int64_t>(expected.size());
    for (int probe = 0; probe < 20; ++probe) {
      const int64_t row = static_cast<int64_t>(random() % static_cast<uint32_t>(post_count));
      REQUIRE(*Matches(query, *snapshot, row) == std::binary_search(expected.begin(), expected.end(), row));
    }
  }
  CHECK(selected_count > 0);
}

TEST_CASE("the first of several queries is found for any rows") {
  testing::TempFolder folder;
  const Content content = testing::RandomContent(5, 20'000, 200);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  std::mt19937 random(12);
  for (int round = 0; round < 12; ++round) {
    std::vector<std::string> texts;
    for (int i = round; i > 0; --i) texts.push_back(RandomTerm(random, content) + " " + RandomTerm(random, content));
    if (round % 3 == 2) texts.push_back("");
    std::vector<BoundQuery> queries;
    for (const std::string& text : texts) queries.push_back(Bound(text, *snapshot));
    std::vector<uint32_t> rows;
    const uint32_t gap_max = round % 4 == 0 ? 1 : 1u << (random() % 14);
    for (uint32_t row = random() % gap_max; row < 20'000; row += 1 + random() % gap_max) rows.push_back(row);
    std::vector<uint16_t> matches(rows.size());
    REQUIRE(RowMatcher(*snapshot, queries).FirstMatches(rows, absl::MakeSpan(matches)).ok());
    for (size_t i = 0; i < rows.size(); ++i) {
      uint16_t expected = RowMatcher::kNone;
      for (size_t q = texts.size(); q-- > 0;) {
        if (MatchesNaively(texts[q], content.posts[rows[i]], content)) expected = static_cast<uint16_t>(q);
      }
      REQUIRE(matches[i] == expected);
    }
  }
}

TEST_CASE("columns that no post fills match only negated terms") {
  testing::TempFolder folder;
  Content content;
  content.posts.resize(3);
  for (int64_t i = 0; i < 3; ++i) content.posts[static_cast<size_t>(i)].id = 5 * i - 5;
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto select = [&](const std::string& text) { return *SelectRows(Bound(text, *snapshot), *snapshot); };
  const std::vector<uint32_t> all = {0, 1, 2};
  CHECK(select("") == all);
  CHECK(select("score:0").empty());
  CHECK(select("score:..0").empty());
  CHECK(select("-score:0") == all);
  CHECK(select("-width:>1 -height:<=1") == all);
  CHECK(select("rating:unspecified") == all);
  CHECK(select("-rating:unspecified").empty());
  CHECK(select("rating:s").empty());
  CHECK(select("id:<0") == std::vector<uint32_t>{0});
  CHECK(select("-id:0") == std::vector<uint32_t>{0, 2});
  CHECK(select("id:-5..0") == std::vector<uint32_t>{0, 1});
}

TEST_CASE("bounds beyond a column's type are bounds all the same") {
  testing::TempFolder folder;
  Content content;
  content.posts.resize(4);
  for (size_t i = 0; i < 4; ++i) content.posts[i].id = static_cast<int64_t>(i) + 1;
  content.posts[0].score = INT32_MIN;
  content.posts[1].score = INT32_MAX;
  content.posts[2].score = 0;
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto select = [&](const std::string& text) { return *SelectRows(Bound(text, *snapshot), *snapshot); };
  CHECK(select("score:>2147483647").empty());
  CHECK(select("-score:>2147483647") == std::vector<uint32_t>{0, 1, 2, 3});
  CHECK(select("score:<-2147483648").empty());
  CHECK(select("score:-5000000000..5000000000") == std::vector<uint32_t>{0, 1, 2});
  CHECK(select("score:>=2147483647") == std::vector<uint32_t>{1});
  CHECK(select("score:4294967296").empty());
  CHECK(select("score:0") == std::vector<uint32_t>{2});
}

TEST_CASE("a tag and its negation select nothing, a tag twice what it selects once") {
  testing::TempFolder folder;
  const Content content = testing::RandomContent(6, 500, 30);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const std::string tag = content.tags[0].name;
  const auto select = [&](const std::string& text) { return *SelectRows(Bound(text, *snapshot), *snapshot); };
  CHECK(select(tag + " -" + tag).empty());
  CHECK(!select(tag).empty());
  CHECK(select(tag + " " + tag) == select(tag));
}

TEST_CASE("damage in a column is found by the query that reads it, not by others") {
  testing::TempFolder folder;
  Content content = testing::RandomContent(7, 2000, 50);
  for (Post& post : content.posts) post.score = 77;
  const WrittenSnapshot written = *testing::Write(folder.path(), content);
  std::string bytes = testing::ReadFile(written.path);
  // 100 scores of 77 stand nowhere but in their column.
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += std::string("\x4D\0\0\0", 4);
  const size_t place = bytes.find(pattern);
  REQUIRE(place != std::string::npos);
  bytes[place + 5] ^= 1;
  testing::WriteFile(written.path, bytes);
  const auto snapshot = Snapshot::Open(written.path, written.digest);
  REQUIRE(snapshot.ok());
  CHECK(SelectRows(Bound("width:>10", **snapshot), **snapshot).ok());
  const absl::Status status = SelectRows(Bound("score:>10", **snapshot), **snapshot).status();
  CHECK(ReasonOf(status) == Reason::kSnapshotDamaged);
  CHECK(MetadataOf(status)["section"] == "post.score");
}

}  // namespace
}  // namespace millrace
