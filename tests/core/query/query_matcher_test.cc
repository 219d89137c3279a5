// Goal: of several queries the first that a row matches is found, for one row as for all of them.
// Method: random queries and rows against one post at a time.
#include "core/query/query_matcher.h"

#include <random>

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
    std::vector<BoundQuery> queries;
    while (static_cast<int>(queries.size()) < round) {
      const std::string text = round % 3 == 2 && queries.size() + 1 == static_cast<size_t>(round)
                                   ? ""
                                   : testing::RandomQuery(random, content, 1);
      parsed.push_back(*Query::Parse(text));
      queries.push_back(*BoundQuery::Bind(parsed.back(), *snapshot));
    }
    std::vector<uint32_t> rows;
    const uint32_t gap_max = round % 4 == 0 ? 1 : 1u << (random() % 12);
    for (uint32_t row = random() % gap_max; row < 3000; row += 1 + random() % gap_max) rows.push_back(row);
    std::vector<uint16_t> matches(rows.size());
    REQUIRE(QueryMatcher(*snapshot, queries).FirstMatches(rows, absl::MakeSpan(matches)).ok());
    for (size_t i = 0; i < rows.size(); ++i) {
      uint16_t expected = QueryMatcher::kNone;
      for (size_t q = parsed.size(); q-- > 0;) {
        if (testing::MatchesNaively(parsed[q], content.posts[rows[i]], content)) expected = static_cast<uint16_t>(q);
      }
      REQUIRE(matches[i] == expected);
    }
    uint16_t alone;
    REQUIRE(QueryMatcher(*snapshot, queries).FirstMatches({&rows[0], 1}, {&alone, 1}).ok());
    CHECK(alone == matches[0]);
  }
}

}  // namespace
}  // namespace millrace
