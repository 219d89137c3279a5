// Goal: a refresh brings a dataset to what the board shows, whatever fails or stops on the way, and counts what it did.
// Method: a fake board, a clock that does not wait, a real catalog that is opened again where a server would be killed.
#include "core/refresh/refresher.h"

#include <filesystem>

#include "core/catalog/sqlite.h"
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
    settings.page_size = 10;
    Take(catalog->sources().Add(settings));
  }

  RunRecord Refresh(RefreshOptions options = {}) {
    reports.clear();
    options.on_page = [this, next = options.on_page](const PageReport& report) {
      reports.push_back(report);
      if (next) next(report);
    };
    Refresher refresher(catalog.get(), {&board, &pacer, &clock, make_reader, {}, 1});
    return Take(refresher.Run(Source(), options));
  }
  SourceRecord Source() { return Take(catalog->sources().Get("source")); }
  void SetMarkMissing() {
    Take(catalog->sources().Update("source", [](SourceRecord* record) {
      record->settings.mark_missing = true;
      return absl::OkStatus();
    }));
  }
  void Rewind() {
    Take(catalog->sources().Update("source", [](SourceRecord* record) {
      record->position = record->cursor = 0;
      return absl::OkStatus();
    }));
  }
  void AddPosts(int64_t first_id, int64_t last_id) {
    for (int64_t id = first_id; id <= last_id; ++id) board.posts[id] = {};
  }
  std::vector<int64_t> Ids() {
    std::vector<int64_t> ids;
    for (const Post& post : AllPosts()) ids.push_back(post.id);
    return ids;
  }
  std::vector<int64_t> BoardIds() const {
    std::vector<int64_t> ids;
    for (const auto& [id, post] : board.posts) ids.push_back(id);
    return ids;
  }

  FakeBoard board;
  MakePageReader make_reader = FakeBoard::ReaderMaker();
  FakeClock clock;
  HostPacer pacer{&clock, absl::Seconds(1)};
  std::vector<PageReport> reports;
};

TEST_CASE_METHOD(Fixture, "a refresh takes every post, page by page, a second apart") {
  AddPosts(1, 25);
  const absl::Time start = clock.now;
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  CHECK(run.counts.new_post_count == 25);
  CHECK(run.counts.page_count == 3);
  CHECK(run.last_position == 25);
  CHECK(Ids() == BoardIds());
  CHECK(board.requests == std::vector<int64_t>{0, 10, 20, 25});
  CHECK(clock.now - start == absl::Seconds(3));
  REQUIRE(reports.size() == 3);
  CHECK(reports[2].page.new_post_count == 5);
  CHECK(reports[2].total.new_post_count == 25);
  CHECK(reports[2].position == 25);
  const Stats stats = Take(catalog->GetStats(kDataset));
  CHECK(stats.post_count == 25);
  CHECK(stats.tag_use_count == 25);
  CHECK(stats.rating_post_counts[static_cast<size_t>(Rating::kSafe)] == 25);
}

TEST_CASE_METHOD(Fixture, "the next refresh takes what is new, and asks once when nothing is") {
  AddPosts(1, 10);
  Refresh();
  AddPosts(11, 13);
  CHECK(Refresh().counts.new_post_count == 3);
  board.requests.clear();
  const RunRecord run = Refresh();
  CHECK(run.counts.page_count == 0);
  CHECK(board.requests == std::vector<int64_t>{13});
}

TEST_CASE_METHOD(Fixture, "posts that are the same are not written, and those that differ are") {
  AddPosts(1, 10);
  Refresh();
  board.posts[3].score = 7;
  board.posts[4].tag_ids = {1, 2, 3};
  board.posts[5].md5_digit = "a";
  board.posts[6].is_deleted = true;
  Rewind();
  const RunRecord run = Refresh();
  CHECK(run.counts.new_post_count == 0);
  CHECK(run.counts.updated_post_count == 4);
  CHECK(run.counts.unchanged_post_count == 6);
  CHECK(Take(catalog->FindPost(kDataset, 3))->score == 7);
  CHECK(Take(catalog->FindPost(kDataset, 4))->tag_ids == std::vector<int64_t>{1, 2, 3});
  CHECK(Take(catalog->FindPost(kDataset, 6))->flags.Get(PostFlag::kDeleted) == true);
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(0xaa)))->id == 5);
  CHECK(Take(catalog->FindPostByMd5(kDataset, Md5Of(0)))->id == 1);
  CHECK(Take(catalog->FindTag(kDataset, 2))->post_count == 1);
  CHECK(Take(catalog->GetStats(kDataset)).tag_use_count == 12);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "tags that no post has any more are removed") {
  AddPosts(1, 2);
  board.posts[1].tag_ids = {8, 9};
  Refresh();
  board.posts[1].tag_ids = {9};
  Rewind();
  Refresh();
  CHECK_FALSE(Take(catalog->FindTag(kDataset, 8)).has_value());
  CHECK(Take(catalog->FindTag(kDataset, 9))->post_count == 1);
}

TEST_CASE_METHOD(Fixture, "tags that come by name are those that the dataset has, or get ids of their own") {
  Import({PostOf(100, {7})});
  AddPosts(1, 3);
  board.posts[1].tag_ids = {7, 9};
  board.posts[2].tag_ids = {9, 8, 7};
  make_reader = FakeBoard::NamesOnlyMaker(TagCategory::kArtist);
  CHECK(Refresh().counts.new_post_count == 3);
  const Tag known = *Take(catalog->FindTag(kDataset, 7));
  CHECK(known.post_count == 3);
  CHECK(known.category == TagCategory::kArtist);
  const std::vector<Tag> derived = Take(catalog->FindTagsByName(kDataset, "tag9", 10));
  REQUIRE(derived.size() == 1);
  CHECK(derived[0].id >= int64_t{1} << 62);
  CHECK(derived[0].post_count == 2);
  const std::vector<int64_t> tag_ids = Take(catalog->FindPost(kDataset, 2))->tag_ids;
  CHECK(tag_ids.size() == 3);
  CHECK(std::is_sorted(tag_ids.begin(), tag_ids.end()));

  Rewind();
  CHECK(Refresh().counts.unchanged_post_count == 3);
  // A page that does not tell categories takes none away.
  make_reader = FakeBoard::NamesOnlyMaker(TagCategory::kUnspecified);
  Rewind();
  CHECK(Refresh().counts.unchanged_post_count == 3);
  CHECK(Take(catalog->FindTag(kDataset, 7))->category == TagCategory::kArtist);
  // And one that tells another changes it, although the posts are the same.
  make_reader = FakeBoard::NamesOnlyMaker(TagCategory::kCharacter);
  Rewind();
  CHECK(Refresh().counts.unchanged_post_count == 3);
  CHECK(Take(catalog->FindTag(kDataset, 7))->category == TagCategory::kCharacter);
  CHECK(Take(catalog->GetStats(kDataset)).category_tag_counts[static_cast<size_t>(TagCategory::kArtist)] == 0);
}

TEST_CASE_METHOD(Fixture, "a page that fails three times is recorded, skipped, and tried again an hour later") {
  AddPosts(1, 40);
  board.broken_pages.emplace(10, StatusAnswer(500));
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  CHECK(run.counts.failed_page_count == 1);
  CHECK(run.counts.new_post_count == 30);
  CHECK(Source().failed_page_count == 1);
  CHECK(Source().position == 40);
  const auto failed = Take(catalog->sources().ListFailedPages(Source().id, INT64_MAX, 10));
  REQUIRE(failed.size() == 1);
  CHECK(failed[0].after_id == 10);
  CHECK(failed[0].until_id == 20);
  CHECK(failed[0].error_reason == "FETCH_FAILED");
  CHECK(std::count(board.requests.begin(), board.requests.end(), 10) == 3);

  board.requests.clear();
  Refresh();
  CHECK(board.requests == std::vector<int64_t>{40});  // not yet

  clock.now += absl::Hours(1);
  Refresh();  // fails again
  CHECK(Take(catalog->sources().ListFailedPages(Source().id, INT64_MAX, 10))[0].attempt_count == 2);

  clock.now += absl::Hours(1);
  board.broken_pages.clear();
  const RunRecord retry = Refresh();
  CHECK(retry.counts.new_post_count == 10);
  REQUIRE_FALSE(reports.empty());
  CHECK(reports[0].is_retry);
  CHECK(Source().failed_page_count == 0);
  CHECK(Source().position == 40);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "a board that fails three pages in a row is down: nothing is lost by that") {
  AddPosts(1, 25);
  RefreshOptions one_page;
  one_page.max_page_count = 1;
  Refresh(one_page);
  for (const int64_t after_id : {10, 20, 30, 40}) board.broken_pages.emplace(after_id, StatusAnswer(502));
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "FETCH_FAILED");
  CHECK(run.counts.failed_page_count == 3);
  CHECK(Source().position == 10);
  CHECK(Source().cursor == 10);
  board.broken_pages.clear();
  CHECK(Refresh().counts.new_post_count == 15);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "pages that fail in a row are counted over refreshes that were stopped between them") {
  AddPosts(1, 90);
  for (const int64_t after_id : {10, 20, 30, 40, 50}) board.broken_pages.emplace(after_id, StatusAnswer(502));
  bool is_stopped = false;
  RefreshOptions options;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kCancelled, "gone") : absl::OkStatus(); };
  options.on_page = [&](const PageReport& report) { is_stopped = report.after_id == 20; };
  CHECK(Refresh(options).state == RunState::kStopped);
  CHECK(Source().cursor == 30);
  CHECK(Source().skipped_in_row_count == 2);
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.counts.failed_page_count == 1);
  CHECK(Source().cursor == 10);
  CHECK(Source().skipped_in_row_count == 0);
  // A page that works ends the row.
  board.broken_pages.erase(30);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Source().position == 90);
}

TEST_CASE_METHOD(Fixture,
                 "more pages than may fail in a row, from a refresh that was killed, end at the next failure") {
  AddPosts(1, 90);
  for (const int64_t after_id : {0, 10, 20, 30}) board.broken_pages.emplace(after_id, StatusAnswer(502));
  const RunRecord killed = Take(catalog->sources().BeginRun(Source(), RunTrigger::kAsked)).run;
  for (const int64_t after_id : {0, 10, 20}) {
    FailedPage page;
    page.after_id = after_id;
    page.until_id = after_id + 10;
    page.retry_at_us = INT64_MAX;
    Take(catalog->sources().SkipPage(Source().id, killed.id, page, page.until_id));
  }
  CHECK(Source().skipped_in_row_count == 3);
  CHECK(Refresh().state == RunState::kFailed);
  CHECK(Source().cursor == 0);
}

TEST_CASE_METHOD(Fixture, "a page in a row of failed ones that works when it is tried again does not count") {
  AddPosts(1, 90);
  for (const int64_t after_id : {0, 10, 20}) board.broken_pages.emplace(after_id, StatusAnswer(502));
  bool is_stopped = false;
  RefreshOptions options;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kCancelled, "gone") : absl::OkStatus(); };
  options.on_page = [&](const PageReport& report) { is_stopped = report.after_id == 10; };
  CHECK(Refresh(options).state == RunState::kStopped);
  CHECK(Source().skipped_in_row_count == 2);
  clock.now += Refresher::kRetryInterval;
  board.broken_pages.erase(0);
  board.broken_pages.erase(10);
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  CHECK(Source().position == 90);
}

TEST_CASE_METHOD(Fixture, "a position is set before a refresh begins, which then begins there, or not while it runs") {
  AddPosts(1, 25);
  const SourceRecord known = Source();
  const auto set_position = [this](int64_t position) {
    return catalog->sources().UpdateWithPosition("source", [position](SourceRecord* record) {
      record->position = record->cursor = position;
      return absl::OkStatus();
    });
  };
  // Between the look at the source and the run's begin.
  CHECK(Take(set_position(20)).position == 20);
  absl::Status status;
  RefreshOptions options;
  options.on_page = [&](const PageReport&) { status = set_position(0).status(); };
  Refresher refresher(catalog.get(), {&board, &pacer, &clock, make_reader, {}, 1});
  CHECK(Take(refresher.Run(known, options)).counts.new_post_count == 5);
  CHECK(ReasonOf(status) == Reason::kRefreshRunning);
  CHECK(Source().position == 25);
  CHECK(set_position(0).ok());
  CHECK(Refresh().counts.new_post_count == 20);
}

TEST_CASE_METHOD(Fixture, "a run whose end could not be recorded keeps no position from being set") {
  const int64_t run_id = Take(catalog->sources().BeginRun(Source(), RunTrigger::kAsked)).run.id;
  const auto set_position = [this] {
    return catalog->sources().UpdateWithPosition("source", [](SourceRecord* record) {
      record->position = record->cursor = 7;
      return absl::OkStatus();
    });
  };
  CHECK(ReasonOf(set_position().status()) == Reason::kRefreshRunning);
  {
    // As a disk that is full: writes fail.
    const auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadWrite));
    Take(database->Execute("CREATE TRIGGER full BEFORE UPDATE ON refresh_runs BEGIN SELECT raise(ABORT, 'full'); END"));
    CHECK_FALSE(catalog->sources().EndRun(run_id, absl::OkStatus()).ok());
    Take(database->Execute("DROP TRIGGER full"));
  }
  CHECK(Take(catalog->sources().ListRuns("source", std::nullopt, 1))[0].state == RunState::kRunning);
  CHECK(Take(set_position()).position == 7);
  CHECK(Take(catalog->sources().ListRuns("source", std::nullopt, 1))[0].state == RunState::kStopped);
}

TEST_CASE_METHOD(Fixture, "a run whose end could not be recorded is over when the next one begins") {
  Take(catalog->sources().BeginRun(Source(), RunTrigger::kAsked));
  CHECK(Refresh().state == RunState::kDone);
  const std::vector<RunRecord> runs = Take(catalog->sources().ListRuns("source", std::nullopt, 10));
  REQUIRE(runs.size() == 2);
  CHECK(runs[1].state == RunState::kStopped);
}

TEST_CASE_METHOD(Fixture, "posts that come to be where pages were skipped at the end are not missed") {
  AddPosts(1, 12);
  board.broken_pages.emplace(10, StatusAnswer(500));
  Refresh();
  CHECK(Source().position == 10);
  board.broken_pages.clear();
  AddPosts(13, 14);
  CHECK(Refresh().counts.new_post_count == 4);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "a stopped refresh continues where it was") {
  AddPosts(1, 35);
  RefreshOptions options;
  bool is_stopped = false;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kShuttingDown, "stopping") : absl::OkStatus(); };
  options.on_page = [&](const PageReport& report) { is_stopped = report.position == 20; };
  const RunRecord run = Refresh(options);
  CHECK(run.state == RunState::kStopped);
  CHECK(run.error_reason == "SHUTTING_DOWN");
  CHECK(run.counts.new_post_count == 20);
  board.requests.clear();
  const RunRecord next = Refresh();
  CHECK(board.requests.front() == 20);
  CHECK(next.counts.new_post_count == 15);
  CHECK(next.first_position == 20);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "a refresh whose server is killed leaves its pages, and its run as stopped") {
  AddPosts(1, 35);
  struct Killed {};
  RefreshOptions options;
  options.on_page = [&](const PageReport& report) {
    if (report.position == 20) throw Killed();
  };
  CHECK_THROWS_AS(Refresh(options), Killed);
  CHECK(Take(catalog->sources().ListRuns("source", std::nullopt, 1))[0].state == RunState::kRunning);
  Reopen();
  const RunRecord run = Take(catalog->sources().ListRuns("source", std::nullopt, 1))[0];
  CHECK(run.state == RunState::kStopped);
  CHECK(run.error_reason == "SHUTTING_DOWN");
  CHECK(run.counts.new_post_count == 20);
  CHECK(Ids().size() == 20);
  CHECK(Refresh().counts.new_post_count == 15);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "posts that a page should show and does not are marked as deleted, when that is wanted") {
  AddPosts(1, 20);
  Refresh();
  board.posts.erase(4);
  board.posts.erase(20);  // nothing behind it is shown, so nobody can tell
  Rewind();
  CHECK(Refresh().counts.missing_post_count == 0);
  CHECK(Take(catalog->FindPost(kDataset, 4))->flags.Get(PostFlag::kDeleted) == false);

  SetMarkMissing();
  Rewind();
  const RunRecord run = Refresh();
  CHECK(run.counts.missing_post_count == 1);
  CHECK(run.counts.updated_post_count == 1);
  CHECK(Take(catalog->FindPost(kDataset, 4))->flags.Get(PostFlag::kDeleted) == true);
  CHECK(Take(catalog->FindPost(kDataset, 20))->flags.Get(PostFlag::kDeleted) == false);
  CHECK(Take(catalog->GetStats(kDataset)).post_count == 20);

  Rewind();
  CHECK(Refresh().counts.missing_post_count == 0);  // it is marked already
  AddPosts(4, 4);
  Rewind();
  CHECK(Refresh().counts.updated_post_count == 1);
  CHECK(Take(catalog->FindPost(kDataset, 4))->flags.Get(PostFlag::kDeleted) == false);
}

TEST_CASE_METHOD(Fixture, "a page waits for an import that runs, and is written behind it") {
  Import({PostOf(1000, {5})});
  AddPosts(1, 5);
  std::unique_ptr<ImportSession> session = Begin("running");
  Take(Stage(*session, PostOf(3, {5})));
  int poll_count = 0;
  RefreshOptions options;
  options.stopped = [&] {
    if (clock.sleeps.size() == 5 && session != nullptr) {
      Take(session->Commit({}));
      session.reset();
    }
    ++poll_count;
    return absl::OkStatus();
  };
  const RunRecord run = Refresh(options);
  CHECK(run.counts.new_post_count == 4);
  CHECK(run.counts.updated_post_count == 1);
  CHECK(clock.sleeps.size() >= 5);
  CHECK(Ids() == std::vector<int64_t>{1, 2, 3, 4, 5, 1000});
  CHECK(Take(catalog->GetStats(kDataset)).post_count == 6);
  CHECK(Take(catalog->FindTag(kDataset, 5))->post_count == 1);
}

TEST_CASE_METHOD(Fixture, "an import behind a refresh replaces its posts") {
  AddPosts(1, 5);
  Refresh();
  const ImportOutcome outcome = Import({PostOf(3, {7})});
  CHECK(outcome.replaced_post_count == 1);
  CHECK(Take(catalog->FindPost(kDataset, 3))->tag_ids == std::vector<int64_t>{7});
  CHECK(Take(catalog->FindTag(kDataset, 1))->post_count == 4);
  Rewind();
  CHECK(Refresh().counts.updated_post_count == 1);
  CHECK(Take(catalog->GetStats(kDataset)).post_count == 5);
}

TEST_CASE_METHOD(Fixture, "a board that refuses ends the refresh at once") {
  AddPosts(1, 25);
  board.broken_pages.emplace(10, StatusAnswer(403));
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "FETCH_REFUSED");
  CHECK(board.requests == std::vector<int64_t>{0, 10});
  CHECK(Source().position == 10);
}

TEST_CASE_METHOD(Fixture, "a source that is deleted during its refresh stops it") {
  AddPosts(1, 25);
  board.on_request = [&](int64_t after_id) {
    if (after_id == 10) Take(catalog->sources().Delete("source"));
  };
  Refresher refresher(catalog.get(), {&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1});
  CHECK(ReasonOf(refresher.Run(Source(), {}).status()) == Reason::kSourceNotFound);
  CHECK(Ids().size() == 10);
}

TEST_CASE_METHOD(Fixture, "a refresh of an empty board makes no dataset") {
  CHECK(Refresh().state == RunState::kDone);
  CHECK(ReasonOf(catalog->GetStats(kDataset).status()) == Reason::kDatasetNotFound);
}

TEST_CASE_METHOD(Fixture, "the first page into a dataset shows nothing of an import that was killed there") {
  auto session = Begin("killed");
  for (int64_t id = 1001; id <= 21'000; ++id) Take(Stage(*session, PostOf(id, {5})));
  TempFolder copy;
  for (const char* name : {"catalog.sqlite3", "catalog.sqlite3-wal"}) {
    std::filesystem::copy_file(folder.File(name), copy.File(name));
  }
  session.reset();
  catalog = Take(OpenAt(copy.File("catalog.sqlite3")));
  AddPosts(1, 5);
  CHECK(Refresh().counts.new_post_count == 5);
  CHECK(Ids() == BoardIds());
  CHECK(Take(catalog->GetStats(kDataset)).post_count == 5);
  const auto database = Take(Database::Open(copy.File("catalog.sqlite3"), Database::Mode::kReadOnly));
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM posts")) == 5);
  catalog.reset();
}

TEST_CASE_METHOD(Fixture, "the import that a first page is recorded as counts each post once") {
  AddPosts(1, 5);
  const std::string page = board.Page(0, 5);
  board.answers = {HttpResponse{200, page + page, ""}};
  Refresh();
  const auto database = Take(Database::Open(folder.File("catalog.sqlite3"), Database::Mode::kReadOnly));
  CHECK(Take(database->QueryInt64("SELECT new_post_count FROM imports")) == 5);
}

TEST_CASE_METHOD(Fixture, "a record that is no post is not missing, and one without an id may be any post") {
  AddPosts(1, 10);
  Refresh();
  board.posts.erase(4);
  board.posts.erase(7);
  SetMarkMissing();
  Rewind();
  const std::string page = board.Page(0, 10);
  board.answers = {HttpResponse{200, page + "{\"id\":\"4\",\"rating\":17}\n{\"rating\":\"s\"}\n", ""}};
  RunRecord run = Refresh();
  CHECK(run.counts.missing_post_count == 0);
  CHECK(run.counts.failed_post_count == 2);
  Rewind();
  board.answers = {HttpResponse{200, page + "{\"id\":\"4\",\"rating\":17}\n", ""}};
  run = Refresh();
  CHECK(run.counts.missing_post_count == 1);
  CHECK(Take(catalog->FindPost(kDataset, 4))->flags.Get(PostFlag::kDeleted) == false);
  CHECK(Take(catalog->FindPost(kDataset, 7))->flags.Get(PostFlag::kDeleted) == true);
}

TEST_CASE_METHOD(Fixture, "posts of a pool that a list told stay as the board shows them") {
  AddPosts(1, 5);
  Refresh();
  auto session = Begin("pools");
  PoolFact pool;
  pool.id = 9;
  pool.kind = "series";
  pool.post_ids = {2, 3};
  Take(session->StagePool(pool));
  Take(session->Commit({}));
  REQUIRE(Take(catalog->FindPost(kDataset, 2))->pools.size() == 1);
  Rewind();
  CHECK(Refresh().counts.unchanged_post_count == 5);
  // What is marked as missing is written back, without what only the list says.
  SetMarkMissing();
  board.posts.erase(3);
  Rewind();
  CHECK(Refresh().counts.missing_post_count == 1);
  session = Begin("no pools");
  pool.post_ids.clear();
  Take(session->StagePool(pool));
  Take(session->Commit({}));
  CHECK(Take(catalog->FindPost(kDataset, 3))->pools.empty());
}

TEST_CASE_METHOD(Fixture, "a record with an absurd id moves no position") {
  AddPosts(1, 12);
  const std::string absurd = absl::StrCat("{\"id\":\"", INT64_MAX, "\",\"rating\":");
  board.answers = {HttpResponse{200, board.Page(0, 10) + absurd + "17}\n", ""},
                   HttpResponse{200, board.Page(10, 10) + absurd + "\"s\"}\n", ""}};
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  CHECK(run.counts.failed_post_count == 2);
  CHECK(Source().position == 12);
  AddPosts(13, 14);
  CHECK(Refresh().counts.new_post_count == 2);
  CHECK(Ids() == BoardIds());
}

TEST_CASE_METHOD(Fixture, "a page gives a name the id that an import would") {
  Import({PostOf(100, {7}), PostOf(101, {8})},
         {{7, Tag{7, "tag1", TagCategory::kGeneral, 0}}, {8, Tag{8, "tag1", TagCategory::kMeta, 0}}});
  auto session = Begin("list");
  Take(session->StageTag({8, "tag1", TagCategory::kMeta}));
  Take(session->StageTag({50, "tag2", TagCategory::kMeta}));
  Take(session->StageTag({7, "tag3", TagCategory::kMeta}));
  Take(session->Commit({}));
  AddPosts(1, 1);
  board.posts[1].tag_ids = {1, 2, 3, 4};
  make_reader = FakeBoard::NamesOnlyMaker(TagCategory::kUnspecified);
  Refresh();
  session = Begin("posts");
  Post post;
  post.id = 2;
  const std::vector<ImportedTag> tags = {{0, "tag1"}, {0, "tag2"}, {0, "tag3"}, {0, "tag4"}};
  Take(session->Stage(post, tags, {0, 1}));
  Take(session->Commit({}));
  const std::vector<int64_t> tag_ids = Take(catalog->FindPost(kDataset, 1))->tag_ids;
  CHECK(tag_ids == Take(catalog->FindPost(kDataset, 2))->tag_ids);
  CHECK(std::count(tag_ids.begin(), tag_ids.end(), 8) == 1);
  CHECK(std::count(tag_ids.begin(), tag_ids.end(), 50) == 1);
}

}  // namespace
}  // namespace millrace
