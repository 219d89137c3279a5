// Goal: of several queries the first that a row matches is found, for one row as for all of them.
// Method: random queries and rows against one post at a time.
#include "core/query/query_matcher.h"

#include <random>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/query/evaluator.h"
#include "tests/core/query/naive.h"
#include "tests/core/query/random_query.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("the first of several queries is found for any rows") {
  testing::TempFolder folder;
  const testing::Content content = testing::RandomContent(5, 3000, 80);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  std::mt19937 random(12);
  for (int round = 0; round < 12; ++round) {
    std::vector<Query> parsed;
    while (static_cast<int>(parsed.size()) < round) {
      const std::string text = round % 3 == 2 && parsed.size() + 1 == static_cast<size_t>(round)
                                   ? ""
                                   : testing::RandomQuery(random, content, 1);
      parsed.push_back(*Query::Parse(text));
    }
    std::vector<uint32_t> rows;
    const uint32_t gap_max = round % 4 == 0 ? 1 : 1u << (random() % 12);
    for (uint32_t row = random() % gap_max; row < 3000; row += 1 + random() % gap_max) rows.push_back(row);
    std::vector<uint16_t> matches(rows.size());
    const auto matcher = [&] {
      QueryMatcher made(*snapshot, TagReading::kAsSaid);
      for (const Query& query : parsed) REQUIRE(made.Add(query).ok());
      return made;
    };
    REQUIRE(matcher().FirstMatches(rows, absl::MakeSpan(matches)).ok());
    for (size_t i = 0; i < rows.size(); ++i) {
      uint16_t expected = QueryMatcher::kNone;
      for (size_t q = parsed.size(); q-- > 0;) {
        if (testing::MatchesNaively(parsed[q], content.posts[rows[i]], content)) expected = static_cast<uint16_t>(q);
      }
      REQUIRE(matches[i] == expected);
    }
    uint16_t alone;
    REQUIRE(matcher().FirstMatches({&rows[0], 1}, {&alone, 1}).ok());
    CHECK(alone == matches[0]);
  }
}

TEST_CASE("a query that lists very many tags matches as a small one does") {
  testing::TempFolder folder;
  testing::Content content;
  constexpr int64_t kTagCount = QueryMatcher::kListedCountMax + 10;
  content.posts.resize(4);
  for (int64_t i = 0; i < 4; ++i) content.posts[static_cast<size_t>(i)].id = i + 1;
  for (int64_t i = 0; i < kTagCount; ++i) {
    content.tags.push_back({.id = i + 1, .name = "t" + std::to_string(i)});
    content.posts[static_cast<size_t>(i % 2)].tag_ids.push_back(i + 1);
  }
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  QueryMatcher matcher(*snapshot, TagReading::kAsSaid);
  CHECK(ReasonOf(matcher.Add(*Query::Parse("no_such_tag"))) == Reason::kQueryInvalid);
  REQUIRE(matcher.Add(*Query::Parse("t* id:>1")).ok());
  REQUIRE(matcher.Add(*Query::Parse("t*")).ok());
  const uint32_t first_row[] = {0};
  uint16_t alone;
  REQUIRE(matcher.FirstMatches(first_row, {&alone, 1}).ok());
  CHECK(alone == 1);
  const std::vector<uint32_t> rows = {0, 1, 2, 3};
  std::vector<uint16_t> matches(4);
  REQUIRE(matcher.FirstMatches(rows, absl::MakeSpan(matches)).ok());
  CHECK(matches == std::vector<uint16_t>{1, 0, QueryMatcher::kNone, QueryMatcher::kNone});
}

TEST_CASE("nothing is evaluated for a call that was cancelled") {
  testing::TempFolder folder;
  const testing::Content content = testing::RandomContent(5, 300, 20);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  bool is_cancelled = false;
  QueryMatcher matcher(*snapshot, TagReading::kAsSaid, [&] { return is_cancelled; });
  REQUIRE(matcher.Add(*Query::Parse(content.tags[0].name)).ok());
  is_cancelled = true;
  CHECK(ReasonOf(matcher.Add(*Query::Parse("*"))) == Reason::kCancelled);
  const std::vector<uint32_t> rows = {0, 1, 2};
  std::vector<uint16_t> matches(3);
  CHECK(ReasonOf(matcher.FirstMatches(rows, absl::MakeSpan(matches))) == Reason::kCancelled);
}

TEST_CASE("whenever it is cancelled, a query has its posts or is cancelled, and nothing else") {
  testing::TempFolder folder;
  testing::Content content;
  content.posts.resize(3000);
  for (int64_t i = 0; i < 3000; ++i) {
    Post& post = content.posts[static_cast<size_t>(i)];
    post.id = i + 1;
    post.score = static_cast<int32_t>(i % 7);
    if (i > 0) post.parent_id = i / 2 + 1;
    post.tag_ids = {i % 2500 + 1};
  }
  for (int64_t i = 1; i <= 2500; ++i) content.tags.push_back({.id = i, .name = "tag" + std::to_string(i)});
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  for (const char* text : {"tag*", "*ag1*", "score:3", "child:5..900", "has:children", "tag* -score:2 child:any"}) {
    const Query query = *Query::Parse(text);
    const RowSet expected =
        *SelectRows(*BoundQuery::Bind(query, *snapshot, TagReading::kAsSaid), *snapshot, RowSet::Range(0, 3000));
    bool is_ended = false;
    for (int64_t look = 1; !is_ended; ++look) {
      int64_t seen = 0;
      const Cancelled cancelled = [&] { return ++seen >= look; };
      const auto select = [&]() -> absl::StatusOr<RowSet> {
        MILLRACE_ASSIGN_OR_RETURN(const BoundQuery bound,
                                  BoundQuery::Bind(query, *snapshot, TagReading::kAsSaid, cancelled));
        return SelectRows(bound, *snapshot, RowSet::Range(0, 3000), cancelled);
      };
      const absl::StatusOr<RowSet> rows = select();
      CAPTURE(text, look, seen);
      is_ended = seen < look;
      if (is_ended) REQUIRE(rows.ok());
      if (rows.ok()) {
        CHECK(rows->ToVector() == expected.ToVector());
      } else {
        CHECK(ReasonOf(rows.status()) == Reason::kCancelled);
      }
    }
  }
}

}  // namespace
}  // namespace millrace
