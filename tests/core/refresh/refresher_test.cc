// Goal: a refresh brings a dataset to what the board shows, whatever fails or stops on the way, and counts what it did.
// Method: a fake board, a clock that does not wait, a real catalog that is opened again where a server would be killed.
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
    settings.page_size = 10;
    Take(catalog->sources().Add(settings));
  }

  RunRecord Refresh(RefreshOptions options = {}) {
    reports.clear();
    options.on_page = [this, next = options.on_page](const PageReport& report) {
      reports.push_back(report);
      if (next) next(report);
    };
    Refresher refresher(&catalog->sources(), {&board, &pacer, &clock, make_reader, {}, 1});
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
  Refresher refresher(&catalog->sources(), {&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1});
  CHECK(ReasonOf(refresher.Run(Source(), {}).status()) == Reason::kSourceNotFound);
  CHECK(Ids().size() == 10);
}

TEST_CASE_METHOD(Fixture, "a refresh of an empty board makes no dataset") {
  CHECK(Refresh().state == RunState::kDone);
  CHECK(ReasonOf(catalog->GetStats(kDataset).status()) == Reason::kDatasetNotFound);
}

}  // namespace
}  // namespace millrace
