// Goal: tags that came without a category get the board's, for few requests, and none is asked about again and again.
// Method: as refresher_test.cc, with boards whose pages name tags alone.
#include "core/refresh/tag_lookup.h"

#include "core/refresh/refresher.h"
#include "tests/core/catalog/catalog_fixture.h"
#include "tests/core/refresh/fake_board.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

class Fixture : public CatalogFixture {
 public:
  void AddSource(BoardKind kind) {
    SourceSettings settings;
    settings.name = "source";
    settings.dataset = kDataset;
    settings.kind = kind;
    settings.address = "https://board.example";
    settings.page_size = 100;
    Take(catalog->sources().Add(settings));
  }
  // Posts with a tag each: tag1, tag2, ...
  void AddPosts(int first, int last) {
    for (int id = first; id <= last; ++id) board.posts[id].tag_ids = {id};
  }
  RunRecord Refresh(RefreshOptions options = {}) {
    board.tag_requests.clear();
    Refresher refresher(catalog.get(),
                        {&board, &pacer, &clock, FakeBoard::NamesOnlyMaker(TagCategory::kUnspecified), {}, 1});
    const RunRecord run = Take(refresher.Run(Take(catalog->sources().Get("source")), options));
    has_changed_tags = refresher.has_changed_tags();
    return run;
  }
  SourceRecord Source() { return Take(catalog->sources().Get("source")); }
  TagCategory CategoryOf(const std::string& name) {
    const std::vector<Tag> tags = Take(catalog->FindTagsByName(kDataset, name, 2));
    REQUIRE(tags.size() == 1);
    return tags.front().category;
  }

  FakeBoard board;
  FakeClock clock;
  HostPacer pacer{&clock, absl::Seconds(1)};
  bool has_changed_tags = false;
};

TEST_CASE_METHOD(Fixture, "tags without a category get the board's behind the pages, and are not asked about again") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 3);
  board.tag_types = {{"tag1", 1}, {"tag2", 4}, {"tag22", 3}, {"tag3", 0}};
  const absl::Time start = clock.now;
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests == std::vector<std::string>{"/tag.json?limit=0&name=tag1", "/tag.json?limit=0&name=tag2",
                                                       "/tag.json?limit=0&name=tag3"});
  // Two pages and three lookups: a request a second.
  CHECK(clock.now - start == absl::Seconds(4));
  CHECK(CategoryOf("tag1") == TagCategory::kArtist);
  CHECK(CategoryOf("tag2") == TagCategory::kCharacter);
  CHECK(CategoryOf("tag3") == TagCategory::kGeneral);
  CHECK(has_changed_tags);
  // Written as a list of tags is: the counts by category, and what the list told.
  const Stats stats = Take(catalog->GetStats(kDataset));
  CHECK(stats.category_tag_counts[static_cast<size_t>(TagCategory::kArtist)] == 1);
  CHECK(stats.category_tag_counts[static_cast<size_t>(TagCategory::kUnspecified)] == 0);
  CHECK(Take(catalog->FindTagFact(kDataset, "tag1"))->source_post_count == 3);
  CHECK_FALSE(Take(catalog->FindTagFact(kDataset, "tag22")).has_value());
  Refresh();
  CHECK(board.tag_requests.empty());
}

TEST_CASE_METHOD(Fixture,
                 "a tag that the board does not know is asked about again a month later, not in each refresh") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 2);
  board.tag_types = {{"tag1", 9}};  // a type that is none of our categories
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests.size() == 2);
  CHECK(CategoryOf("tag1") == TagCategory::kUnspecified);
  Reopen();
  Refresh();
  CHECK(board.tag_requests.empty());
  now_us += absl::ToInt64Microseconds(TagLookups::kAskAgainAfter);
  board.tag_types = {{"tag1", 3}, {"tag2", 3}};
  Refresh();
  CHECK(board.tag_requests.size() == 2);
  CHECK(CategoryOf("tag2") == TagCategory::kCopyright);
}

TEST_CASE_METHOD(Fixture,
                 "many names cost one request where the board gives its whole list, and what it leaves out few") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 2'500);
  for (int tag = 1; tag <= 2'498; ++tag) board.tag_types["tag" + std::to_string(tag)] = 1;
  const RunRecord run = Refresh();
  CHECK(run.counts.lookup_request_count == 3);
  CHECK(run.counts.told_tag_count == 2'498);
  CHECK(board.tag_requests == std::vector<std::string>{"/tag.json?limit=0&order=date", "/tag.json?limit=0&name=tag2499",
                                                       "/tag.json?limit=0&name=tag2500"});
  CHECK(CategoryOf("tag2498") == TagCategory::kArtist);
  Refresh();
  CHECK(board.tag_requests.empty());
}

TEST_CASE_METHOD(Fixture,
                 "a hundred names go into a request, and what a refresh has no requests for the next one asks") {
  AddSource(BoardKind::kGelbooru);
  AddPosts(1, 4'000);
  for (int tag = 1; tag <= 4'000; ++tag) board.tag_types["tag" + std::to_string(tag)] = 5;
  Refresh();
  // The posts took 40 pages: as many requests may be of tags.
  CHECK(board.tag_requests.size() == 40);
  CHECK(absl::StartsWith(board.tag_requests.front(),
                         "/index.php?page=dapi&s=tag&q=index&json=1&limit=100&names=tag1+tag10+tag100+"));
  CHECK(CategoryOf("tag4000") == TagCategory::kMeta);
  RefreshOptions options;
  for (int id = 4'001; id <= 4'100; ++id) {
    for (int tag = 0; tag < 40; ++tag) {
      board.posts[id].tag_ids.resize(40);
      board.posts[id].tag_ids[static_cast<size_t>(tag)] = id * 40 + tag;
      board.tag_types["tag" + std::to_string(id * 40 + tag)] = 0;
    }
  }
  Refresh();
  CHECK(board.tag_requests.size() == TagLookups::kRequestsPerRunMax);
  Refresh();
  CHECK(board.tag_requests.size() == 40 - TagLookups::kRequestsPerRunMax);
  Refresh();
  CHECK(board.tag_requests.empty());
}

TEST_CASE_METHOD(Fixture, "a lookup that fails fails the refresh behind all others, and is asked again an hour later") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 2);
  board.tag_types = {{"tag1", 1}, {"tag2", 1}};
  const std::string body = GENERATE("", "<html>", R"({"success":false,"reason":"no"})", R"([{"id":1}])");
  board.tag_answers = {{200, body, ""}, {500, "", ""}, {200, body, ""}};
  const RunRecord failed = Refresh();
  CHECK(failed.state == RunState::kFailed);
  CHECK(failed.error_reason == "FILE_INVALID");
  CHECK(failed.counts.new_post_count == 2);
  CHECK(failed.counts.lookup_request_count == 2);
  CHECK(failed.counts.told_tag_count == 1);
  CHECK(CategoryOf("tag2") == TagCategory::kArtist);
  const RunRecord next = Refresh();
  CHECK(next.state == RunState::kDone);
  CHECK(next.counts.lookup_request_count == 0);
  CHECK(board.tag_requests.empty());
  // A source with an interval is refreshed for it, as for a page that failed.
  const std::optional<int64_t> retry_at_us = Source().next_retry_at_us;
  REQUIRE(retry_at_us.has_value());
  CHECK(*retry_at_us > now_us);
  CHECK(*retry_at_us <= now_us + absl::ToInt64Microseconds(TagLookups::kAskFailedAgainAfter));
  now_us = *retry_at_us;
  CHECK(Refresh().state == RunState::kDone);
  CHECK(CategoryOf("tag1") == TagCategory::kArtist);
  CHECK_FALSE(Source().next_retry_at_us.has_value());
}

TEST_CASE_METHOD(Fixture, "a name that fails again and again is asked about ever more seldom, once a day at least") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 1);
  board.refused_tags = {"name=tag1"};
  int64_t waited_us = 0;
  for (const int hours : {1, 2, 4, 8, 16, 24, 24}) {
    CHECK(Refresh().state == RunState::kFailed);
    waited_us = *Source().next_retry_at_us - now_us;
    CHECK(waited_us <= absl::ToInt64Microseconds(absl::Hours(hours)));
    CHECK(waited_us > absl::ToInt64Microseconds(absl::Hours(hours) - absl::Minutes(5)));
    now_us = *Source().next_retry_at_us;
  }
  // An answer ends the row.
  board.refused_tags.clear();
  CHECK(Refresh().state == RunState::kDone);
  CHECK_FALSE(Source().next_retry_at_us.has_value());
}

TEST_CASE_METHOD(Fixture, "a failed name whose category came by other ways makes no retry any more") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 1);
  board.refused_tags = {"name=tag1"};
  CHECK(Refresh().state == RunState::kFailed);
  auto session = Begin("tags");
  TagFact fact;
  fact.name = "tag1";
  fact.category = TagCategory::kMeta;
  Take(session->StageTag(fact));
  Take(session->Commit({}));
  CHECK(Source().next_retry_at_us.has_value());
  CHECK(Refresh().state == RunState::kDone);
  CHECK_FALSE(Source().next_retry_at_us.has_value());
}

TEST_CASE_METHOD(Fixture, "names that the board takes exception at keep no others from being asked about") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 8);
  for (int tag = 1; tag <= 8; ++tag) board.tag_types["tag" + std::to_string(tag)] = 1;
  board.refused_tags = {"name=tag1", "name=tag2", "name=tag3", "name=tag5"};
  // Three in a row: it may be down.
  const RunRecord failed = Refresh();
  CHECK(failed.error_reason == "FETCH_REFUSED");
  CHECK(board.tag_requests.size() == 3);
  CHECK(Refresh().state == RunState::kFailed);
  CHECK(board.tag_requests.size() == 5);
  for (const char* name : {"tag4", "tag6", "tag7", "tag8"}) CHECK(CategoryOf(name) == TagCategory::kArtist);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests.empty());
}

TEST_CASE_METHOD(Fixture, "a whole list that fails, or leaves names out, is asked for again a day later") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 100);
  const bool fails = GENERATE(true, false);
  if (fails) {
    for (int tag = 1; tag <= 100; ++tag) board.tag_types["tag" + std::to_string(tag)] = 1;
    board.refused_tags = {"order=date"};
  }
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests.size() == TagLookups::kRequestsPerRunMax);
  CHECK(board.tag_requests.front() == "/tag.json?limit=0&order=date");
  CHECK(CategoryOf("tag1") == (fails ? TagCategory::kArtist : TagCategory::kUnspecified));
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests.front() != "/tag.json?limit=0&order=date");
  now_us += absl::ToInt64Microseconds(TagLookups::kWholeListInterval);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests.front() == "/tag.json?limit=0&order=date");
}

TEST_CASE_METHOD(Fixture, "what another board told of a tag's deprecation stays when this one does not tell") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 1);
  board.tag_types = {{"tag1", 1}};
  auto session = Begin("tags");
  TagFact fact;
  fact.name = "tag1";
  fact.is_deprecated = true;
  Take(session->StageTag(fact));
  Take(session->Commit({}));
  CHECK(Refresh().state == RunState::kDone);
  CHECK(CategoryOf("tag1") == TagCategory::kArtist);
  CHECK(Take(catalog->FindTagFact(kDataset, "tag1"))->is_deprecated == true);
}

TEST_CASE_METHOD(Fixture, "a lookup waits while an import runs, and a stop loses what was not written alone") {
  AddSource(BoardKind::kMoebooru);
  AddPosts(1, 2);
  board.tag_types = {{"tag1", 1}, {"tag2", 1}};
  std::unique_ptr<ImportSession> import;
  bool is_stopped = false;
  board.on_tag_request = [&] {
    if (board.tag_requests.size() == 1) return;
    import = Begin("import");
    is_stopped = true;
  };
  RefreshOptions options;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kCancelled, "gone") : absl::OkStatus(); };
  CHECK(Refresh(options).state == RunState::kStopped);
  import.reset();
  board.on_tag_request = {};
  CHECK(CategoryOf("tag1") == TagCategory::kArtist);
  CHECK(CategoryOf("tag2") == TagCategory::kUnspecified);
  Refresh();
  CHECK(board.tag_requests == std::vector<std::string>{"/tag.json?limit=0&name=tag2"});
  CHECK(CategoryOf("tag2") == TagCategory::kArtist);
}

TEST_CASE_METHOD(Fixture, "boards whose pages tell categories are not asked") {
  AddSource(BoardKind::kDanbooru);
  AddPosts(1, 2);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.tag_requests.empty());
}

}  // namespace
}  // namespace millrace
