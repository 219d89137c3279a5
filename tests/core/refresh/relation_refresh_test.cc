// Goal: a dataset has the aliases and implications that its board lists, all of one walk, or those it had. Method: as
// refresher_test.cc.
#include "core/refresh/relation_refresh.h"

#include "core/refresh/board_relations.h"
#include "core/refresh/refresher.h"
#include "tests/core/catalog/catalog_fixture.h"
#include "tests/core/refresh/fake_board.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

class Fixture : public CatalogFixture {
 public:
  Fixture() {
    SourceSettings settings;
    settings.name = "source";
    settings.dataset = kDataset;
    settings.kind = BoardKind::kDanbooru;
    settings.address = "https://board.example";
    settings.page_size = 100;
    settings.with_relations = true;
    Take(catalog->sources().Add(settings));
    board.posts[1] = {};
    board.aliases = {{3, {"b", "a"}}, {4, {"c", "a"}}, {9, {"d", "a"}}};
    board.implications = {{5, {"a", "z"}}};
  }
  RunRecord Refresh(RefreshOptions options = {}) {
    board.relation_requests.clear();
    Refresher refresher(catalog.get(), {&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1});
    const RunRecord run = Take(refresher.Run(Take(catalog->sources().Get("source")), options));
    has_changed_tags = refresher.has_changed_tags();
    return run;
  }
  // "b>a active", by kind and name.
  std::vector<std::string> Relations() {
    std::vector<std::string> shown;
    for (const TagRelation& relation : Take(catalog->ListTagRelations(kDataset, std::nullopt, 100))) {
      shown.push_back(relation.antecedent + ">" + relation.consequent + " " + relation.status);
    }
    return shown;
  }
  int ImportCount() { return static_cast<int>(Take(catalog->ListImports("", std::nullopt, 100)).size()); }

  FakeBoard board;
  FakeClock clock;
  HostPacer pacer{&clock, absl::Seconds(1)};
  bool has_changed_tags = false;
};

using Shown = std::vector<std::string>;

TEST_CASE_METHOD(Fixture, "the board's lists are walked by id and written as an import of them is") {
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.relation_requests == Shown{"/tag_aliases.json?limit=1000&page=a0&search%5Bstatus%5D=active",
                                         "/tag_aliases.json?limit=1000&page=a4&search%5Bstatus%5D=active",
                                         "/tag_aliases.json?limit=1000&page=a9&search%5Bstatus%5D=active",
                                         "/tag_aliases.json?limit=1000&page=a9&search%5Bstatus%5D=active",
                                         "/tag_implications.json?limit=1000&page=a0&search%5Bstatus%5D=active",
                                         "/tag_implications.json?limit=1000&page=a5&search%5Bstatus%5D=active",
                                         "/tag_implications.json?limit=1000&page=a5&search%5Bstatus%5D=active"});
  CHECK(Relations() == Shown{"b>a active", "c>a active", "d>a active", "a>z active"});
  CHECK(has_changed_tags);
  // What is the same is not written, and makes no record of an import.
  const int import_count = ImportCount();
  CHECK(Refresh().state == RunState::kDone);
  CHECK_FALSE(has_changed_tags);
  CHECK(ImportCount() == import_count);
}

TEST_CASE_METHOD(Fixture, "what the board lists no more does not apply any more, and what it changes is replaced") {
  Refresh();
  board.aliases = {{3, {"b", "a"}}, {12, {"d", "z"}}, {13, {"x", "y", "pending"}}};
  board.implications = {{6, {"b", "z"}}};
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Relations() == Shown{"b>a active", "c>a deleted", "d>a deleted", "d>z active", "a>z deleted", "b>z active"});
}

TEST_CASE_METHOD(Fixture, "relations that may not stand together change nothing and fail the refresh") {
  Refresh();
  board.aliases[20] = {"e", "f"};
  board.aliases[21] = {"f", "g"};
  board.posts[2] = {};
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "RECORD_REJECTED");
  CHECK(run.counts.new_post_count == 1);
  CHECK(Relations() == Shown{"b>a active", "c>a active", "d>a active", "a>z active"});
  board.aliases.erase(21);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Relations().size() == 5);
}

TEST_CASE("what is no page of relations, or one with a record that is none, is an error") {
  const std::string body = GENERATE(
      as<std::string>(), "", "\xEF\xBB\xBF \n", "<html>", R"([{"id":3,"antecedent_name":"b"}])",
      R"([{"antecedent_name":"b","consequent_name":"a"}])",
      R"([{"id":7,"antecedent_name":"b","consequent_name":"a","status":"active"}])",
      R"([{"id":8,"antecedent_name":"b","consequent_name":"a"})", R"({"success":false})", R"({"tag_implications":[]})");
  INFO(body);
  CHECK(ReasonOf(ParseRelations(TagRelationKind::kAlias, 7, body).status()) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(Fixture, "a board that lists none of a kind that the dataset has is not believed") {
  Refresh();
  const bool has_aliases = GENERATE(true, false);
  const bool has_implications = GENERATE(true, false);
  if (has_aliases && has_implications) return;
  if (!has_aliases) board.aliases = {{30, {"d", "z", "pending"}}};
  if (!has_implications) board.implications.clear();
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "FILE_INVALID");
  CHECK_THAT(run.error_message, Catch::Contains(has_aliases ? "no implications" : "no aliases"));
  CHECK(Relations() == Shown{"b>a active", "c>a active", "d>a active", "a>z active"});
}

TEST_CASE_METHOD(Fixture, "one empty answer is asked for again, and ends no list") {
  Refresh();
  // The second page of aliases, and the first of implications.
  board.relation_bodies = {{2, "[]"}, {6, R"({"tag_implications":[]})"}};
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.relation_requests.size() == 9);
  CHECK(Relations() == Shown{"b>a active", "c>a active", "d>a active", "a>z active"});
}

TEST_CASE_METHOD(Fixture, "a list without an end, and more than is kept in memory, are errors") {
  PageFetcher fetcher({&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1});
  const SourceSettings settings = Take(catalog->sources().Get("source")).settings;
  const auto fetch = [&](const RelationLimits& limits) {
    return RelationRefresh(catalog.get(), &fetcher, limits).Fetch(settings, {});
  };
  // Four pages of aliases, the last one twice; each relation has two letters and "active".
  CHECK(fetch({4, 4, 4 * 8 + 100}).ok());
  CHECK(ReasonOf(fetch({3, 4, 1000}).status()) == Reason::kFileInvalid);
  CHECK(ReasonOf(fetch({4, 3, 1000}).status()) == Reason::kFileInvalid);
  CHECK(ReasonOf(fetch({4, 4, 4 * 8 - 1}).status()) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(Fixture, "lists that fail are fetched again an hour later, not in each refresh by interval") {
  RefreshOptions options;
  options.trigger = RunTrigger::kInterval;
  now_us = absl::ToUnixMicros(clock.now);
  board.aliases[20] = {"e", "f"};
  board.aliases[21] = {"f", "g"};
  CHECK(Refresh(options).state == RunState::kFailed);
  CHECK(Refresh(options).state == RunState::kDone);
  CHECK(board.relation_requests.empty());
  board.aliases.erase(21);
  clock.now += Refresher::kRetryInterval + absl::Minutes(1);
  CHECK(Refresh(options).state == RunState::kDone);
  CHECK(Relations().size() == 5);
}

TEST_CASE_METHOD(Fixture, "a list that is not whole changes nothing") {
  Refresh();
  board.aliases = {{3, {"b", "a"}}, {4, {"", "a"}}};
  CHECK(Refresh().state == RunState::kFailed);
  CHECK(Relations() == Shown{"b>a active", "c>a active", "d>a active", "a>z active"});
}

TEST_CASE_METHOD(Fixture, "a kill right behind a change of relations leaves a snapshot to be compiled") {
  Refresh();
  const SourceRecord source = Take(catalog->sources().Get("source"));
  SourceStore& store = catalog->sources();
  Take(store.SetSnapshot(source.id, Take(store.ListRuns("source", std::nullopt, 1)).front().id, "digest"));
  CHECK_FALSE(Take(store.HasUncompiledTags(source.id)));
  board.aliases[30] = {"e", "a"};
  PageFetcher fetcher({&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1});
  RelationRefresh relations(catalog.get(), &fetcher);
  const std::vector<TagRelation> told = Take(relations.Fetch(source.settings, {}));
  CHECK(Take(relations.Write(source, 77, told)));
  Reopen();
  CHECK(Take(catalog->sources().HasUncompiledTags(source.id)));
}

TEST_CASE_METHOD(Fixture, "a refresh by interval asks for relations once a day, one that is asked for always") {
  RefreshOptions options;
  options.trigger = RunTrigger::kInterval;
  // The catalog's time is the clock's here.
  now_us = absl::ToUnixMicros(clock.now);
  Refresh(options);
  CHECK(board.relation_requests.size() == 7);
  Refresh(options);
  CHECK(board.relation_requests.empty());
  Refresh();
  CHECK(board.relation_requests.size() == 7);
  clock.now += RelationRefresh::kInterval + absl::Hours(1);
  Refresh(options);
  CHECK(board.relation_requests.size() == 7);
}

TEST_CASE_METHOD(Fixture, "without a post there is nothing to have relations") {
  board.posts.clear();
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.relation_requests.empty());
}

}  // namespace
}  // namespace millrace
