// Goal: the rows that match are exactly those that docs/query-language.md says, whichever way they are asked for.
// Method: thousands of random queries over random snapshots against an evaluator that looks at one post at a time
// (naive.h); by hand, what random content rarely meets.
#include "core/query/evaluator.h"

#include <algorithm>
#include <filesystem>
#include <random>

#include "core/base/error.h"
#include "core/query/column_filter.h"
#include "core/snapshot/postings.h"
#include "tests/core/query/naive.h"
#include "tests/core/query/random_query.h"
#include "tests/core/snapshot/random_relations.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::Content;

BoundQuery Bound(const std::string& text, const Snapshot& snapshot, TagReading reading = TagReading::kAsSaid) {
  const auto query = Query::Parse(text);
  INFO(text << ": " << query.status());
  REQUIRE(query.ok());
  const auto bound = BoundQuery::Bind(*query, snapshot, reading);
  INFO(text << ": " << bound.status());
  REQUIRE(bound.ok());
  return *bound;
}

std::vector<uint32_t> Select(const std::string& text, const Snapshot& snapshot,
                             TagReading reading = TagReading::kAsSaid) {
  return SelectRows(Bound(text, snapshot, reading), snapshot)->ToVector();
}

// Random content whose times, sides and parents are such that queries about them are neither always nor never true.
Content ContentFor(uint32_t seed, int post_count, int tag_count) {
  Content content = testing::RandomContent(seed, post_count, tag_count);
  std::mt19937 random(seed);
  for (Post& post : content.posts) {
    const int64_t day_us = int64_t{86'400} * 1'000'000;
    if (post.created_at_us.has_value()) post.created_at_us = static_cast<int64_t>(random() % 7000) * day_us;
    if (post.parent_id.has_value() && random() % 2 == 0)
      post.parent_id = content.posts[random() % content.posts.size()].id;
    if (random() % 2 == 0) post.width_px = post.height_px = 1 + static_cast<int32_t>(random() % 4000);
  }
  return content;
}

std::vector<uint32_t> Expected(const Query& query, const Content& content, TagReading reading = TagReading::kAsSaid) {
  std::vector<uint32_t> rows;
  for (size_t row = 0; row < content.posts.size(); ++row) {
    if (testing::MatchesNaively(query, content.posts[row], content, reading))
      rows.push_back(static_cast<uint32_t>(row));
  }
  return rows;
}

TEST_CASE("what post.more_presence tells of is asked for like the rest") {
  testing::TempFolder folder;
  Content content = ContentFor(5, 6, 3);
  for (Post& post : content.posts) post.favorite_count = post.duration_us = std::nullopt;
  content.posts[0].favorite_count = 0;
  content.posts[2].favorite_count = 7;
  content.posts[3].duration_us = 1'500'000;
  content.posts[5].duration_us = 90'000'000;
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  using Rows = std::vector<uint32_t>;
  CHECK(Select("favcount:>3", *snapshot) == Rows{2});
  CHECK(Select("favcount:0,7", *snapshot) == Rows{0, 2});
  CHECK(Select("favcount:none", *snapshot) == Rows{1, 3, 4, 5});
  CHECK(Select("has:favcount -favcount:0", *snapshot) == Rows{2});
  CHECK(Select("duration:1..2", *snapshot) == Rows{3});
  CHECK(Select("duration:>60 or favcount:0", *snapshot) == Rows{0, 5});
  CHECK(Select("-has:duration", *snapshot) == Rows{0, 1, 2, 4});
}

// Of queries on a snapshot: how many were refused, and how many select some of its posts but not all.
struct Tally {
  int refused_count = 0;
  int selective_count = 0;
};

// Evaluates random queries in every way there is and compares them with `Expected`.
Tally CheckRandomQueries(const Content& content, int query_count, TagReading reading) {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const uint32_t post_count = static_cast<uint32_t>(content.posts.size());
  std::mt19937 random(11);
  Tally tally;
  for (int i = 0; i < query_count; ++i) {
    const std::string text = testing::RandomQuery(random, content, 2);
    CAPTURE(text);
    const auto query = Query::Parse(text);
    INFO(query.status());
    REQUIRE(query.ok());
    REQUIRE(Query::Parse(query->text())->text() == query->text());
    const absl::StatusOr<BoundQuery> bound = BoundQuery::Bind(*query, *snapshot, reading);
    if (!bound.ok()) {
      // The smallest snapshots lack some columns, and some names are no post's in any way.
      REQUIRE(ReasonOf(bound.status()) == Reason::kQueryInvalid);
      ++tally.refused_count;
      continue;
    }
    const std::vector<uint32_t> expected = Expected(*query, content, reading);
    REQUIRE(SelectRows(*bound, *snapshot)->ToVector() == expected);
    if (!expected.empty() && expected.size() < content.posts.size()) ++tally.selective_count;
    for (int probe = 0; probe < 3; ++probe) {
      const uint32_t row = random() % post_count;
      REQUIRE(*Matches(*bound, *snapshot, row) == std::binary_search(expected.begin(), expected.end(), row));
    }
    // Without postings.
    for (const BoundTerm& term : bound->terms()) {
      if (term.kind != BoundTerm::Kind::kTags || i % 8 != 0) continue;
      const QueryNode node{QueryNode::Kind::kTerm, static_cast<size_t>(&term - bound->terms().data()), {}};
      REQUIRE(FilterColumn(term, *snapshot, nullptr, {})->ToVector() ==
              SelectRows(*bound, node, *snapshot)->ToVector());
    }
    // Within other rows, and in other words.
    std::vector<uint32_t> within, expected_within;
    for (uint32_t row = 0; row < post_count; ++row) {
      if (random() % 3 == 0) within.push_back(row);
    }
    std::set_intersection(within.begin(), within.end(), expected.begin(), expected.end(),
                          std::back_inserter(expected_within));
    REQUIRE(SelectRows(*bound, *snapshot, RowSet::FromAscending(within))->ToVector() == expected_within);
    if (query->terms().empty() || query->TextOf(query->root()).size() > kQuerySizeBytesMax) continue;
    REQUIRE(Select(query->TextOf(query->root()), *snapshot, reading) == expected);
  }
  return tally;
}

TEST_CASE("random queries select the rows that a post by post evaluation does") {
  // The second with lists of every length and bitmaps; the last with little of anything.
  const auto [post_count, tag_count, query_count] =
      GENERATE(std::tuple(150, 40, 3000), std::tuple(2000, 60, 250), std::tuple(2, 3, 500));
  const Content content = ContentFor(static_cast<uint32_t>(post_count), post_count, tag_count);
  const Tally tally = CheckRandomQueries(content, query_count, TagReading::kAsSaid);
  CHECK(tally.selective_count > (post_count > 2 ? query_count / 4 : 0));
  CHECK(tally.refused_count < query_count / (post_count > 2 ? 20 : 1));
}

TEST_CASE("with aliases and implications random queries select what their definition says, in both readings") {
  const TagReading reading = GENERATE(TagReading::kAsSaid, TagReading::kApplied);
  const auto [post_count, tag_count, query_count] =
      GENERATE(std::tuple(100, 40, 600), std::tuple(101, 15, 600), std::tuple(900, 60, 60));
  Content content = ContentFor(static_cast<uint32_t>(post_count), post_count, tag_count);
  std::mt19937 random(static_cast<uint32_t>(tag_count));
  content.facts = testing::RandomRelations(random, content);
  REQUIRE(!content.facts.aliases.empty());
  REQUIRE(!content.facts.implications.empty());
  const Tally tally = CheckRandomQueries(content, query_count, reading);
  CHECK(tally.selective_count > query_count / 4);
  CHECK(tally.refused_count < query_count / 4);
}

TEST_CASE("a name means its alias class always, and what implies it when relations are applied") {
  testing::TempFolder folder;
  Content content;
  const std::vector<std::string> names = {"cat", "neko", "tabby", "dog", "source:neko"};
  for (size_t i = 0; i < names.size(); ++i) {
    const int64_t id = static_cast<int64_t>(i) + 1;
    content.tags.push_back({id, names[i], TagCategory::kGeneral, 1});
    Post& post = content.posts.emplace_back();
    post.id = id;
    post.tag_ids = {id};
    post.source = "x";
  }
  const auto relation = [](TagRelationKind kind, const char* from, const char* to) {
    return TagRelation{kind, from, to, "active", ""};
  };
  content.facts.aliases = {
      relation(TagRelationKind::kAlias, "kitty", "cat"), relation(TagRelationKind::kAlias, "neko", "cat"),
      relation(TagRelationKind::kAlias, "pool:cats", "cat"), relation(TagRelationKind::kAlias, "puppy", "dog"),
      relation(TagRelationKind::kAlias, "unicorn", "horse")};
  content.facts.implications = {relation(TagRelationKind::kImplication, "cat", "feline"),
                                relation(TagRelationKind::kImplication, "tabby", "neko")};
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  using Rows = std::vector<uint32_t>;
  constexpr TagReading kSaid = TagReading::kAsSaid;
  constexpr TagReading kApplied = TagReading::kApplied;
  for (const char* const name : {"cat", "neko", "kitty", "kit*", "k*y or nek*", "\"kitty\""}) {
    CAPTURE(name);
    CHECK(Select(name, *snapshot, kSaid) == Rows{0, 1});
    CHECK(Select(name, *snapshot, kApplied) == Rows{0, 1, 2});
  }
  CHECK(Select("puppy", *snapshot, kSaid) == Rows{3});
  CHECK(Select("feline", *snapshot, kApplied) == Rows{0, 1, 2});
  CHECK(Select("tabby", *snapshot, kApplied) == Rows{2});
  // Tabby is not only itself any more, and neko has become cat.
  CHECK(Select("tagcount:1", *snapshot, kSaid) == Rows{0, 1, 2, 3, 4});
  CHECK(Select("tagcount:2", *snapshot, kApplied) == Rows{2});
  CHECK(Select("gentags:1 -*neko", *snapshot, kApplied) == Rows{3});
  // A tag that a post says stands before a metatag, an alias does not.
  CHECK(Select("source:neko", *snapshot, kSaid) == Rows{4});
  const auto reason = [&](const char* text, TagReading reading) {
    return ReasonOf(BoundQuery::Bind(*Query::Parse(text), *snapshot, reading).status());
  };
  CHECK(reason("pool:cats", kSaid) == Reason::kQueryInvalid);
  CHECK(Select("\"pool:cats\"", *snapshot, kSaid) == Rows{0, 1});
  CHECK(reason("feline", kSaid) == Reason::kQueryInvalid);
  CHECK(reason("unicorn", kApplied) == Reason::kQueryInvalid);
  CHECK(reason("uni*", kApplied) == Reason::kQueryInvalid);
  const auto alias_of = [&](const char* text) { return Bound(text, *snapshot).terms().front().alias_of; };
  CHECK(alias_of("neko") == "cat");
  CHECK(alias_of("kitty") == "cat");
  CHECK(alias_of("cat").empty());
  CHECK(alias_of("tabby").empty());
  CHECK(alias_of("nek*").empty());
}

TEST_CASE("rows beyond the first block of a bitmap are found as the others") {
  testing::TempFolder folder;
  const Content content = testing::RandomContent(5, 140'000, 30);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  for (const char* const suffix :
       {"", " score:>100", " -score:>0 width:..0", " (rating:g or height:>2000)", " -tagcount:5.."}) {
    const std::string text = content.tags[0].name + suffix;
    const Query query = *Query::Parse(text);
    CAPTURE(text);
    REQUIRE(Select(text, *snapshot) == Expected(query, content));
  }
  REQUIRE(Select("score:>100", *snapshot) == Expected(*Query::Parse("score:>100"), content));
}

TEST_CASE("without postings, and with damaged ones, tags select the same rows") {
  testing::TempFolder folder;
  const Content content = testing::RandomContent(8, 3000, 20);
  const auto written = testing::Write(folder.path(), content);
  REQUIRE(written.ok());
  const std::string path = snapshot_file::PostingsPath(written->path);
  const std::string text = content.tags[0].name + " -" + content.tags[1].name + " has:children";
  const std::vector<uint32_t> expected = Expected(*Query::Parse(text), content);
  const auto check = [&] {
    const auto snapshot = Snapshot::Open(written->path, written->digest);
    CHECK(Select(text, **snapshot) == expected);
    // Found damage is mended at the next look.
    CHECK(Select(text, **snapshot) == expected);
    CHECK((*snapshot)->GetPostings().ok());
  };
  check();
  const std::string bytes = testing::ReadFile(path);
  for (size_t place = 0; place < bytes.size(); place += 1 + bytes.size() / 60) {
    std::string damaged = bytes;
    damaged[place] ^= 0x10;
    testing::WriteFile(path, damaged);
    check();
  }
  testing::WriteFile(path, bytes.substr(0, 100));
  check();
  CHECK(testing::ReadFile(path) == bytes);
  // Where they cannot be written: a folder of that name.
  std::filesystem::remove(path);
  std::filesystem::create_directories(path + "/x");
  const auto snapshot = Snapshot::Open(written->path, written->digest);
  CHECK(Select(text, **snapshot) == expected);
  CHECK(ReasonOf((*snapshot)->GetPostings().status()) == Reason::kIoError);
}

TEST_CASE("columns that no post fills match only negated terms of the first version") {
  testing::TempFolder folder;
  Content content;
  content.posts.resize(3);
  for (int64_t i = 0; i < 3; ++i) content.posts[static_cast<size_t>(i)].id = 5 * i - 5;
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto select = [&](const std::string& text) { return Select(text, *snapshot); };
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
  CHECK(select("id:any") == all);
  CHECK(select("id:none").empty());
  CHECK(select("score:none source:none pool:none parent:none child:none md5:none filetype:none ratio:none") == all);
  CHECK(select("tagcount:0 gentags:0") == all);
  CHECK(select("*").empty());
  CHECK(select("status:any") == all);
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
  const auto select = [&](const std::string& text) { return Select(text, *snapshot); };
  CHECK(select("score:>2147483647").empty());
  CHECK(select("-score:>2147483647") == std::vector<uint32_t>{0, 1, 2, 3});
  CHECK(select("score:<-2147483648").empty());
  CHECK(select("score:-5000000000..5000000000") == std::vector<uint32_t>{0, 1, 2});
  CHECK(select("score:>=2147483647") == std::vector<uint32_t>{1});
  CHECK(select("score:4294967296").empty());
  CHECK(select("score:0") == std::vector<uint32_t>{2});
  CHECK(select("score:0,5000000000,2147483647") == std::vector<uint32_t>{1, 2});
  CHECK(select("id:>=-9223372036854775808") == std::vector<uint32_t>{0, 1, 2, 3});
  CHECK(select("id:9223372036854775807").empty());
}

TEST_CASE("a tag and its negation select nothing, a tag twice what it selects once") {
  testing::TempFolder folder;
  const Content content = testing::RandomContent(6, 500, 30);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const std::string tag = content.tags[0].name;
  const auto select = [&](const std::string& text) { return Select(text, *snapshot); };
  CHECK(select(tag + " -" + tag).empty());
  CHECK(!select(tag).empty());
  CHECK(select(tag + " " + tag) == select(tag));
  CHECK(select("-(" + tag + " or -" + tag + ")").empty());
}

TEST_CASE("a word is a tag where one has that name, and a metatag elsewhere") {
  testing::TempFolder folder;
  Content content = testing::RandomContent(6, 50, 3);
  content.tags[1].name = "source:here";
  content.tags[2].name = "pool:x:y";
  for (Post& post : content.posts) post.source = "source:here";
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto count = [&](const std::string& text) { return static_cast<int64_t>(Select(text, *snapshot).size()); };
  CHECK(count("source:here") == content.tags[1].post_count);
  CHECK(count("source:*here") == 50);
  CHECK(count("source:source") == 50);
  CHECK(count("pool:x:y") == content.tags[2].post_count);
  CHECK(ReasonOf(BoundQuery::Bind(*Query::Parse("pool:x:z"), *snapshot, TagReading::kAsSaid).status()) ==
        Reason::kQueryInvalid);
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
