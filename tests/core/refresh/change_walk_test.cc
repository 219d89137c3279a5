// Goal: a source that follows changes comes to have every post as the board has it, whatever the board does while its
// list is paged, for few requests, and never goes on without end. Method: as refresher_test.cc.
#include "core/refresh/change_walk.h"

#include <array>
#include <random>

#include "core/refresh/board_changes.h"
#include "core/refresh/refresher.h"
#include "tests/core/catalog/catalog_fixture.h"
#include "tests/core/refresh/fake_board.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

constexpr std::array kKinds = {BoardKind::kDanbooru, BoardKind::kE621, BoardKind::kGelbooru};
constexpr int64_t kHour = 3600;
// Between two changes: what was seen before is looked at no more, but for the last.
constexpr int64_t kBeyondOverlap = 400;

class Fixture : public CatalogFixture {
 public:
  void AddSource(BoardKind kind, int32_t page_size = 10) {
    SourceSettings settings;
    settings.name = "source";
    settings.dataset = kDataset;
    settings.kind = kind;
    settings.address = "https://board.example";
    settings.page_size = page_size;
    settings.follow_changes = true;
    Take(catalog->sources().Add(settings));
  }
  void AddPosts(int64_t first_id, int64_t last_id) {
    for (int64_t id = first_id; id <= last_id; ++id) {
      board.posts[id] = {};
      board.Touch(id);
    }
  }
  void Edit(int64_t id) {
    ++board.posts.at(id).score;
    board.Touch(id);
  }
  void LetTimePass() { board.last_change += kHour; }
  RunRecord Refresh(RefreshOptions options = {}) {
    board.requests.clear();
    board.change_requests.clear();
    reports.clear();
    options.on_page = [this, next = options.on_page](const PageReport& report) {
      reports.push_back(report);
      if (next) next(report);
    };
    Refresher refresher(catalog.get(), {&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1});
    return Take(refresher.Run(Source(), options));
  }
  SourceRecord Source() { return Take(catalog->sources().Get("source")); }
  // Ids of posts that the dataset has otherwise than the board.
  std::vector<int64_t> Stale() {
    std::vector<int64_t> ids;
    for (const auto& [id, shown] : board.posts) {
      const std::optional<Post> post = Take(catalog->FindPost(kDataset, id));
      if (!post.has_value() || post->score != shown.score || post->flags.Get(PostFlag::kDeleted) != shown.is_deleted) {
        ids.push_back(id);
      }
    }
    return ids;
  }

  FakeBoard board;
  FakeClock clock;
  HostPacer pacer{&clock, absl::Seconds(1)};
  std::vector<PageReport> reports;
};

TEST_CASE_METHOD(Fixture, "edits of old posts are found behind the new ones, and nothing else is fetched") {
  AddSource(GENERATE(from_range(kKinds)));
  board.change_step = kBeyondOverlap;
  AddPosts(1, 95);
  const RunRecord first = Refresh();
  CHECK(first.counts.new_post_count == 95);
  CHECK(Source().changes.position > 0);
  LetTimePass();
  Edit(3);
  board.posts.at(50).is_deleted = true;
  board.Touch(50);
  AddPosts(96, 97);
  const absl::Time start = clock.now;
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  CHECK(run.warning.empty());
  CHECK(run.counts.new_post_count == 2);
  CHECK(run.counts.updated_post_count == 2);
  CHECK(Stale().empty());
  CHECK(Take(catalog->FindPost(kDataset, 50))->flags.Get(PostFlag::kDeleted) == true);
  CHECK(board.change_requests.size() <= 2);
  REQUIRE_FALSE(reports.empty());
  CHECK(reports.back().by_change);
  CHECK(reports.back().position == 97);
  CHECK(Source().position == 97);
  CHECK(Source().changes == ChangeCursor{Source().changes.position});
  CHECK(clock.now - start >= absl::Seconds(2));  // a request a second
  // Once more: nothing was changed, one look tells.
  const RunRecord quiet = Refresh();
  CHECK(quiet.counts.updated_post_count == 0);
  CHECK(board.change_requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "each kind is asked for changes in its own words") {
  AddSource(BoardKind::kE621);
  AddPosts(1, 3);
  Refresh();
  LetTimePass();
  Edit(2);
  Refresh();
  CHECK(board.change_requests ==
        std::vector<std::string>{"/posts.json?limit=1&page=1&tags=status%3Aany%20order%3Achange",
                                 "/posts.json?limit=20&page=1&tags=status%3Aany%20change%3A%3E0%20order%3Achange_asc"});
  SourceSettings settings = Source().settings;
  settings.query = "a status:deleted";
  CHECK(absl::StrContains(MakeChangesBehindRequest(settings, 7, 2, 320).url,
                          "?limit=320&page=2&tags=a%20status%3Adeleted%20change%3A%3E7%20order%3Achange_asc"));
  settings.kind = BoardKind::kDanbooru;
  settings.query = "a";
  CHECK(absl::StrContains(MakeNewestChangesRequest(settings, 3, 200).url,
                          "/posts.json?limit=200&page=3&tags=a%20order%3Achange"));
  settings.kind = BoardKind::kGelbooru;
  CHECK(absl::StrContains(MakeNewestChangesRequest(settings, 3, 100).url,
                          "&json=1&limit=100&pid=2&tags=a%20sort%3Aupdated%3Adesc"));
}

TEST_CASE_METHOD(Fixture, "what is changed while the posts are walked by id comes behind them") {
  AddSource(GENERATE(from_range(kKinds)));
  AddPosts(1, 60);
  board.on_request = [&](int64_t after_id) {
    if (after_id == 40) Edit(3);
  };
  CHECK(Refresh().counts.updated_post_count == 1);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "a board that changes while it is paged hides nothing that was changed before") {
  const BoardKind kind = GENERATE(from_range(kKinds));
  const unsigned seed = GENERATE(range(1U, 9U));
  INFO(seed);
  std::mt19937 random(seed);
  const auto chance = [&](unsigned of) { return random() % of; };
  AddSource(kind);
  AddPosts(1, 150);
  Refresh();
  for (int round = 0; round < 4; ++round) {
    LetTimePass();
    for (int i = 0; i < 60; ++i) {
      const std::vector<int64_t> ids = board.IdsByChange();
      Edit(ids[chance(static_cast<unsigned>(ids.size()))]);
    }
    // Between two pages posts are edited, and posts vanish from anywhere in the list.
    std::set<int64_t> edited_meanwhile;
    board.on_change_request = [&] {
      for (unsigned i = chance(4); i > 0; --i) {
        const std::vector<int64_t> ids = board.IdsByChange();
        const int64_t id = ids[chance(static_cast<unsigned>(ids.size()))];
        if (chance(3) == 0 && ids.size() > 100) {
          board.posts.erase(id);
        } else {
          Edit(id);
          edited_meanwhile.insert(id);
        }
      }
    };
    CHECK(Refresh().state == RunState::kDone);
    board.on_change_request = {};
    for (const int64_t id : Stale()) CHECK(edited_meanwhile.contains(id));
    CHECK(Refresh().state == RunState::kDone);
    CHECK(Stale().empty());
    if (round == 2) AddPosts(200, 260);
  }
}

TEST_CASE_METHOD(Fixture, "posts that vanish from the top of the list in masses make the walk step back") {
  AddSource(BoardKind::kDanbooru);
  AddPosts(1, 200);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 150; ++id) Edit(id);
  // Behind some pages the 40 newest of those are gone: what would have been on the next is two pages above.
  const size_t when = GENERATE(2, 5, 8);
  board.on_change_request = [&] {
    if (board.change_requests.size() != when) return;
    for (int64_t id = 111; id <= 150; ++id) board.posts.erase(id);
  };
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "a list that shrinks below where a walk has come to is walked to its end") {
  AddSource(BoardKind::kDanbooru);
  AddPosts(1, 100);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 100; ++id) Edit(id);
  const size_t when = GENERATE(3, 5, 6, 7);
  const int64_t gone_count = GENERATE(1, 2, 3, 20, 60);
  board.on_change_request = [&] {
    if (board.change_requests.size() != when) return;
    for (int64_t id = 101 - gone_count; id <= 100; ++id) board.posts.erase(id);
  };
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "a list that shrinks for ever ends the refresh") {
  AddSource(BoardKind::kDanbooru);
  AddPosts(1, 3'000);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 3'000; ++id) Edit(id);
  board.on_change_request = [&] {
    const std::vector<int64_t> ids = board.IdsByChange();
    if (board.change_requests.size() < 50) return;
    for (size_t i = 0; i < 10; ++i) board.posts.erase(ids[i]);
  };
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "FETCH_FAILED");
  CHECK(board.change_requests.size() <= 50 + 3 * ChangeWalk::kStepsBackMax);
  board.on_change_request = {};
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "a walk that is stopped or killed goes on where it was") {
  const BoardKind kind = GENERATE(BoardKind::kDanbooru, BoardKind::kE621);
  const bool is_killed = GENERATE(false, true);
  AddSource(kind);
  board.change_step = kBeyondOverlap;
  AddPosts(1, 200);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 160; ++id) Edit(id);
  struct Killed {};
  RefreshOptions options;
  bool is_stopped = false;
  int page_count = 0;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kCancelled, "gone") : absl::OkStatus(); };
  options.on_page = [&](const PageReport& report) {
    if (!report.by_change || ++page_count < 4) return;
    if (is_killed) throw Killed();
    is_stopped = true;
  };
  if (is_killed) {
    CHECK_THROWS_AS(Refresh(options), Killed);
    Reopen();
  } else {
    CHECK(Refresh(options).state == RunState::kStopped);
  }
  const size_t stale_count = Stale().size();
  CHECK(stale_count > 20);
  CHECK(stale_count < 140);
  // Meanwhile more is changed, also of what was seen.
  Edit(2);
  Edit(77);
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  // What was seen is not walked again, but for the top and where pages overlap.
  CHECK(run.counts.unchanged_post_count < 90);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "pages are counted against what was asked for, and the rest is the next refresh's") {
  AddSource(GENERATE(from_range(kKinds)));
  AddPosts(1, 100);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 100; ++id) Edit(id);
  AddPosts(101, 101);
  RefreshOptions options;
  options.max_page_count = 3;
  CHECK(Refresh(options).counts.page_count == 3);
  CHECK_FALSE(Stale().empty());
  for (int i = 0; i < 5; ++i) Refresh(options);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture,
                 "a page of changes that fails is waited for, then fails the refresh, and comes an hour later") {
  const BoardKind kind = GENERATE(from_range(kKinds));
  AddSource(kind);
  AddPosts(1, 40);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 30; ++id) Edit(id);
  // Of e621 the newest change is asked for first.
  const size_t first = kind == BoardKind::kE621 ? 2 : 1;
  // Asked to come again in a minute, it comes then.
  board.change_answers = {{first, StatusAnswer(429, "60")}};
  RefreshOptions one_page;
  one_page.max_page_count = 1;
  const absl::Time start = clock.now;
  CHECK(Refresh(one_page).state == RunState::kDone);
  CHECK(clock.now - start >= absl::Seconds(60));
  board.change_answers = {{first, StatusAnswer(500)}, {first + 1, {200, "<html>", ""}}, {first + 2, StatusAnswer(502)}};
  AddPosts(41, 42);
  const RunRecord failed = Refresh();
  CHECK(failed.state == RunState::kFailed);
  CHECK(failed.error_reason == "FETCH_FAILED");
  CHECK(failed.counts.failed_page_count == 1);
  CHECK(failed.counts.new_post_count == 2);
  REQUIRE_FALSE(reports.empty());
  CHECK_FALSE(reports.back().error.ok());
  CHECK(reports.back().by_change);
  CHECK(Source().next_retry_at_us == absl::ToUnixMicros(clock.now + Refresher::kRetryInterval));
  board.change_answers.clear();
  CHECK(Refresh().state == RunState::kDone);
  CHECK_FALSE(Source().next_retry_at_us.has_value());
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "a board whose changes do not move is asked a bounded number of times") {
  AddSource(GENERATE(from_range(kKinds)));
  AddPosts(1, 200);
  for (auto& [id, post] : board.posts) post.change = 7;
  Refresh();
  for (auto& [id, post] : board.posts) ++post.score;
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.change_requests.size() <= 40);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(board.change_requests.size() <= 2);
}

TEST_CASE_METHOD(Fixture, "a board that shows other posts than asked for is told from one that does not") {
  AddSource(GENERATE(from_range(kKinds)));
  AddPosts(1, 100);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 60; ++id) Edit(id);
  const std::string page = board.Page(0, 20);
  const std::string by_id = [&] {
    for (const int64_t id : {93, 4, 95, 6, 97, 8, 99, 10}) board.Touch(id);
    return board.Page(90, 10) + board.Page(0, 10);
  }();
  // The newest change is asked for first, of e621 in a request of its own.
  const bool shows_first_page_always = GENERATE(true, false);
  for (size_t number = 2; number < 30; ++number) {
    board.change_answers[number] = HttpResponse{200, shows_first_page_always ? page : by_id, ""};
  }
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "FILE_INVALID");
  CHECK(board.change_requests.size() <= 10);
}

TEST_CASE_METHOD(Fixture, "posts that do not tell their change are no page of changes") {
  AddSource(GENERATE(from_range(kKinds)));
  for (int64_t id = 1; id <= 5; ++id) board.posts[id] = {};
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kFailed);
  CHECK(run.error_reason == "FILE_INVALID");
  CHECK_THAT(run.error_message, Catch::Contains("was changed"));
  // New posts come all the same.
  CHECK(run.counts.new_post_count == 5);
  CHECK(Source().position == 5);
}

TEST_CASE_METHOD(Fixture, "a board that gives fewer posts a page than asked for is walked all the same") {
  AddSource(GENERATE(BoardKind::kDanbooru, BoardKind::kE621), 100);
  AddPosts(1, 300);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 250; ++id) Edit(id);
  board.changes_per_page_max = 40;
  RefreshOptions options;
  options.max_page_count = 4;  // also when a walk goes on in its midst
  for (int i = 0; i < 4; ++i) CHECK(Refresh(options).state == RunState::kDone);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "a page with a post less, among many posts with one change, is not the list's end") {
  AddSource(BoardKind::kDanbooru, 20);
  AddPosts(1, 200);
  Refresh();
  LetTimePass();
  board.change_step = 0;
  board.last_change += 1;
  for (int64_t id = 1; id <= 200; ++id) Edit(id);
  // Hidden from the pages of changes alone; the first page must be whole, for it tells how many a page has.
  const int64_t hidden = GENERATE(range(100, 176, 5));
  board.hidden_changes = {hidden};
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale() == std::vector<int64_t>{hidden});
  CHECK(board.change_requests.size() <= 20);
}

TEST_CASE_METHOD(Fixture, "pages that show no post, or none that was not seen, are not the list's end") {
  AddSource(BoardKind::kDanbooru, 20);
  AddPosts(1, 200);
  Refresh();
  LetTimePass();
  board.change_step = GENERATE(0, 1, kBeyondOverlap);
  board.last_change += 1;
  for (int64_t id = 1; id <= 200; ++id) Edit(id);
  const std::vector<int64_t> order = board.IdsByChange();
  // The first page must show its first post at least, for it tells how many a page has.
  const auto [first, count] = GENERATE(table<size_t, size_t>({{20, 20}, {25, 40}, {60, 25}, {97, 43}, {140, 33}}));
  for (size_t i = first; i < first + count; ++i) board.hidden_changes.insert(order[i]);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale() == std::vector<int64_t>(board.hidden_changes.begin(), board.hidden_changes.end()));
  CHECK(board.change_requests.size() <= 30);
}

TEST_CASE_METHOD(Fixture, "of changes behind a change, too, pages that show no post are not the end") {
  AddSource(BoardKind::kE621, 20);
  AddPosts(1, 200);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 200; ++id) Edit(id);
  const int64_t first = GENERATE(1, 30, 50);
  for (int64_t id = first; id < first + 45; ++id) board.hidden_changes.insert(id);
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale() == std::vector<int64_t>(board.hidden_changes.begin(), board.hidden_changes.end()));
  CHECK(board.change_requests.size() <= 20);
}

TEST_CASE_METHOD(Fixture, "a newest page that shows no post ends a walk neither at its begin nor in its midst") {
  AddSource(BoardKind::kDanbooru, 20);
  AddPosts(1, 200);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 200; ++id) Edit(id);
  const std::vector<int64_t> order = board.IdsByChange();
  RefreshOptions options;
  if (GENERATE(false, true)) {
    options.max_page_count = 5;
    Refresh(options);
    options.max_page_count = 0;
    CHECK(Source().changes.target != 0);
  }
  for (size_t i = 0; i < 25; ++i) board.hidden_changes.insert(order[i]);
  CHECK(Refresh(options).state == RunState::kDone);
  CHECK(Source().changes.target == 0);
  for (const int64_t id : Stale()) CHECK(board.hidden_changes.contains(id));
}

TEST_CASE_METHOD(Fixture, "whichever posts a board hides, all others are found") {
  std::mt19937 random(GENERATE(range(1, 60)));
  const auto below = [&](int64_t end) { return static_cast<int64_t>(random() % static_cast<uint64_t>(end)); };
  AddSource(BoardKind::kDanbooru, 20);
  AddPosts(1, 300);
  Refresh();
  LetTimePass();
  board.change_step = std::array<int64_t, 4>{0, 1, 3, kBeyondOverlap}[static_cast<size_t>(below(4))];
  board.last_change += 1;
  for (int64_t id = 1; id <= 300; ++id) Edit(id);
  const std::vector<int64_t> order = board.IdsByChange();
  const int64_t run_max = 1 + below(40);
  for (int64_t i = 20 + below(20); i < 300; i += 1 + below(60)) {
    for (const int64_t end = std::min<int64_t>(300, i + 1 + below(run_max)); i < end; ++i) {
      board.hidden_changes.insert(order[static_cast<size_t>(i)]);
    }
  }
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale() == std::vector<int64_t>(board.hidden_changes.begin(), board.hidden_changes.end()));
  CHECK(board.change_requests.size() <= 90);
}

TEST_CASE_METHOD(Fixture, "what is more than the board turns pages for is told, with what to do") {
  AddSource(BoardKind::kGelbooru, 1'000);
  AddPosts(1, 20'500);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 20'500; ++id) Edit(id);
  const RunRecord run = Refresh();
  CHECK(run.state == RunState::kDone);
  CHECK_THAT(run.warning, Catch::Contains("set the position to 0"));
  CHECK(board.change_requests.size() <= 25);
  const size_t stale_count = Stale().size();
  CHECK(stale_count >= 500);
  CHECK(stale_count < 1'600);
  // It is said once: the next walk ends where this one began.
  CHECK(Refresh().warning.empty());
  CHECK(board.change_requests.size() == 1);
}

TEST_CASE_METHOD(Fixture, "an index of the board's that is behind its posts hides none") {
  AddSource(BoardKind::kE621);
  AddPosts(1, 40);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 30; ++id) Edit(id);
  // The page is that of the index, but its last post was edited since.
  board.on_change_request = [&] {
    if (board.change_requests.size() != 2) return;
    std::vector<int64_t> ids = board.IdsByChange();
    std::reverse(ids.begin(), ids.end());
    std::erase_if(ids, [&](int64_t id) { return board.posts.at(id).change <= kHour; });
    std::string body;
    FakeBoard page;
    for (size_t i = 0; i < 10; ++i) {
      FakeBoard::BoardPost shown = board.posts.at(ids[i]);
      if (i == 9) shown.change = board.last_change + 1;
      page.posts = {{ids[i], shown}};
      body += page.Page(0, 1);
    }
    board.change_answers[2] = HttpResponse{200, body, ""};
  };
  CHECK(Refresh().state == RunState::kDone);
  CHECK(Stale().empty());
}

TEST_CASE_METHOD(Fixture, "an update that sets changes back is not overruled by a refresh that runs") {
  AddSource(BoardKind::kDanbooru);
  AddPosts(1, 30);
  Refresh();
  LetTimePass();
  for (int64_t id = 1; id <= 25; ++id) Edit(id);
  RefreshOptions options;
  options.on_page = [&](const PageReport& report) {
    if (!report.by_change) return;
    Take(catalog->sources().Update("source", [](SourceRecord* record) {
      record->changes = {};
      return absl::OkStatus();
    }));
  };
  Refresh(options);
  CHECK(Source().changes == ChangeCursor{});
}

TEST_CASE_METHOD(Fixture, "a source that follows no changes asks for none") {
  AddSource(BoardKind::kDanbooru);
  Take(catalog->sources().Update("source", [](SourceRecord* record) {
    record->settings.follow_changes = false;
    return absl::OkStatus();
  }));
  AddPosts(1, 12);
  Refresh();
  CHECK(board.change_requests.empty());
  CHECK_FALSE(Source().settings.follow_changes);
}

}  // namespace
}  // namespace millrace
