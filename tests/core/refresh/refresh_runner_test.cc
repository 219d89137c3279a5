// Which sources are refreshed when, and that each is by one at a time.
#include "core/refresh/refresh_runner.h"

#include <atomic>
#include <future>
#include <utility>

#include "absl/strings/match.h"
#include "tests/core/catalog/catalog_fixture.h"
#include "tests/core/refresh/fake_board.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

// A board that a test can hold.
class HeldBoard final : public HttpFetcher {
 public:
  absl::StatusOr<HttpResponse> Get(const HttpRequest& request) override {
    ++request_count;
    while (is_held && !(request.cancelled && request.cancelled())) std::this_thread::yield();
    if (request.cancelled && request.cancelled()) return MakeError(Reason::kCancelled, "stopped");
    if (!page.empty()) return HttpResponse{200, std::exchange(page, ""), ""};
    return HttpResponse{200, kEmptyPage, ""};
  }
  std::atomic<bool> is_held{false};
  std::atomic<int> request_count{0};
  std::string page;  // the answer to the next request
};

class Fixture : public CatalogFixture {
 public:
  // The catalog notes times by the clock that decides what is due.
  Fixture() {
    catalog.reset();
    CatalogOptions options;
    options.path = folder.File("catalog.sqlite3");
    options.now_us = [this] { return absl::ToUnixMicros(clock.now); };
    catalog = Take(Catalog::Open(options));
    snapshots = Take(SnapshotStore::Open(folder.File("snapshots")));
    RefreshRunnerOptions runner_options;
    runner_options.catalog = catalog.get();
    runner_options.snapshots = snapshots.get();
    runner_options.fetching = {&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1};
    runner_options.thread_count = 1;
    runner_options.shutting_down = [this] { return is_shutting_down.load(); };
    runner = std::make_unique<RefreshRunner>(runner_options);
  }

  void AddSource(const std::string& name, absl::Duration interval) {
    SourceSettings settings;
    settings.name = name;
    settings.dataset = kDataset;
    settings.kind = BoardKind::kDanbooru;
    settings.address = "https://board.example";
    settings.page_size = 10;
    settings.interval_us = absl::ToInt64Microseconds(interval);
    Take(catalog->sources().Add(settings));
  }
  std::future<absl::StatusOr<RefreshOutcome>> Start(const std::string& name, RefreshOptions options = {}) {
    auto promise = std::make_shared<std::promise<absl::StatusOr<RefreshOutcome>>>();
    std::future<absl::StatusOr<RefreshOutcome>> future = promise->get_future();
    started = runner->Start(name, std::move(options),
                            [promise](const absl::StatusOr<RefreshOutcome>& outcome) { promise->set_value(outcome); });
    return future;
  }
  // By a refresh of the source.
  void ChangeTags(int64_t source_id) {
    ImportCounts counts;
    counts.refreshed_source_id = source_id;
    Take(Begin("tags")->Commit(counts));
  }
  void AwaitIdle(const std::string& name) {
    while (runner->IsRunning(name)) std::this_thread::yield();
  }

  HeldBoard board;
  FakeClock clock;
  HostPacer pacer{&clock, absl::ZeroDuration()};
  std::unique_ptr<SnapshotStore> snapshots;
  std::atomic<bool> is_shutting_down{false};
  absl::Status started;
  std::unique_ptr<RefreshRunner> runner;
};

TEST_CASE_METHOD(Fixture, "a source is refreshed when its interval is over, one without when it is asked for") {
  AddSource("hourly", absl::Hours(1));
  AddSource("asked", absl::ZeroDuration());
  CHECK(runner->RefreshDueSources() == 1);
  AwaitIdle("hourly");
  CHECK(runner->RefreshDueSources() == 0);
  clock.now += absl::Minutes(59);
  CHECK(runner->RefreshDueSources() == 0);
  clock.now += absl::Minutes(1);
  CHECK(runner->RefreshDueSources() == 1);
  AwaitIdle("hourly");
  const std::vector<RunRecord> runs = Take(catalog->sources().ListRuns("", std::nullopt, 10));
  REQUIRE(runs.size() == 2);
  CHECK(runs[0].trigger == RunTrigger::kInterval);
  CHECK(Start("asked").get().ok());
}

TEST_CASE_METHOD(Fixture, "a source is refreshed by one at a time") {
  AddSource("source", absl::Hours(1));
  board.is_held = true;
  auto first = Start("source");
  REQUIRE(started.ok());
  Start("source");
  CHECK(ReasonOf(started) == Reason::kRefreshRunning);
  CHECK(runner->RefreshDueSources() == 0);
  board.is_held = false;
  CHECK(first.get()->run.state == RunState::kDone);
  AwaitIdle("source");
  CHECK(Start("source").get().ok());
}

TEST_CASE_METHOD(Fixture, "a refresh stops when it is told to, and when the server ends") {
  AddSource("source", absl::ZeroDuration());
  board.is_held = true;
  std::atomic<bool> is_stopped{false};
  RefreshOptions options;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kCancelled, "gone") : absl::OkStatus(); };
  auto told = Start("source", options);
  while (board.request_count == 0) std::this_thread::yield();
  is_stopped = true;
  CHECK(told.get()->run.error_reason == "CANCELLED");
  AwaitIdle("source");

  auto ended = Start("source");
  while (board.request_count == 1) std::this_thread::yield();
  is_shutting_down = true;
  CHECK(ended.get()->run.error_reason == "SHUTTING_DOWN");
  Start("source");
  CHECK(ReasonOf(started) == Reason::kShuttingDown);
}

TEST_CASE_METHOD(Fixture, "a source that is not there is not refreshed") {
  Start("source");
  CHECK(ReasonOf(started) == Reason::kSourceNotFound);
}

TEST_CASE_METHOD(Fixture, "the runner's end stops what runs and what waits") {
  AddSource("running", absl::ZeroDuration());
  AddSource("waiting", absl::ZeroDuration());
  board.is_held = true;
  auto running = Start("running");
  auto waiting = Start("waiting");
  runner.reset();
  CHECK(running.get()->run.state == RunState::kStopped);
  CHECK(waiting.get()->run.state == RunState::kStopped);
}

TEST_CASE_METHOD(Fixture, "what a stopped refresh changed is in the snapshot behind the next one") {
  AddSource("source", absl::ZeroDuration());
  Take(catalog->sources().Update("source", [](SourceRecord* record) {
    record->settings.snapshot_after_refresh = true;
    return absl::OkStatus();
  }));
  FakeBoard posts;
  posts.posts[1] = {};
  board.page = posts.Page(0, 1);
  std::atomic<bool> is_stopped{false};
  RefreshOptions options;
  options.stopped = [&] { return is_stopped ? MakeError(Reason::kCancelled, "gone") : absl::OkStatus(); };
  options.on_page = [&](const PageReport&) { is_stopped = true; };
  const RunRecord stopped = Start("source", options).get()->run;
  CHECK(stopped.state == RunState::kStopped);
  CHECK(stopped.counts.new_post_count == 1);
  CHECK(stopped.snapshot.empty());
  AwaitIdle("source");
  CHECK_FALSE(Start("source").get()->run.snapshot.empty());
  AwaitIdle("source");
  // And none behind one that changed nothing since.
  CHECK(Start("source").get()->run.snapshot.empty());
}

TEST_CASE_METHOD(Fixture, "tags that changed without a snapshot are in the one behind the next refresh") {
  AddSource("source", absl::ZeroDuration());
  const SourceRecord source = Take(catalog->sources().Update("source", [](SourceRecord* record) {
    record->settings.snapshot_after_refresh = true;
    return absl::OkStatus();
  }));
  Import({PostOf(1, {7})});
  CHECK(Start("source").get()->run.snapshot.empty());
  AwaitIdle("source");
  // As a refresh that was killed behind its change of relations.
  ChangeTags(source.id);
  CHECK_FALSE(Start("source").get()->run.snapshot.empty());
  AwaitIdle("source");
  CHECK(Start("source").get()->run.snapshot.empty());
}

TEST_CASE_METHOD(Fixture, "what is set while a refresh waits for its place holds for it") {
  AddSource("first", absl::ZeroDuration());
  AddSource("second", absl::ZeroDuration());
  FakeBoard posts;
  posts.posts[1] = {};
  board.page = posts.Page(0, 1);
  board.is_held = true;
  auto first = Start("first");
  while (board.request_count == 0) std::this_thread::yield();
  auto second = Start("second");
  Take(catalog->sources().Update("second", [](SourceRecord* record) {
    record->settings.snapshot_after_refresh = true;
    return absl::OkStatus();
  }));
  ChangeTags(Take(catalog->sources().Get("second")).id);
  board.is_held = false;
  CHECK(first.get()->run.snapshot.empty());
  CHECK_FALSE(second.get()->run.snapshot.empty());
}

// Whoever is to sleep for a minute sleeps until the test says so; shorter sleeps take no time.
class GatedClock final : public Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'700'000'000); }
  bool Sleep(absl::Duration duration, const std::function<bool()>& cancelled) override {
    if (duration < absl::Minutes(1)) return !(cancelled && cancelled());
    ++sleeper_count;
    while (!is_open && !cancelled()) std::this_thread::yield();
    return !cancelled();
  }
  std::atomic<int> sleeper_count{0};
  std::atomic<bool> is_open{false};
};

// Asks to come again in a minute, at first.
class BusyBoard final : public HttpFetcher {
 public:
  absl::StatusOr<HttpResponse> Get(const HttpRequest& request) override {
    if (!absl::StrContains(request.url, "busy.example") || answered_count++ > 0)
      return HttpResponse{200, kEmptyPage, ""};
    return StatusAnswer(429, "60");
  }
  std::atomic<int> answered_count{0};
};

TEST_CASE_METHOD(CatalogFixture, "a refresh that waits for a board leaves its place to others") {
  GatedClock clock;
  BusyBoard board;
  HostPacer pacer{&clock, absl::ZeroDuration()};
  RefreshRunnerOptions options;
  options.catalog = catalog.get();
  options.fetching = {&board, &pacer, &clock, FakeBoard::ReaderMaker(), {}, 1};
  options.thread_count = 1;
  RefreshRunner runner(options);
  const auto start = [&](const std::string& host) {
    SourceSettings settings;
    settings.name = host;
    settings.dataset = kDataset;
    settings.kind = BoardKind::kDanbooru;
    settings.address = "https://" + host;
    settings.page_size = 10;
    Take(catalog->sources().Add(settings));
    auto promise = std::make_shared<std::promise<RunState>>();
    const absl::Status started = runner.Start(
        host, {}, [promise](const absl::StatusOr<RefreshOutcome>& outcome) { promise->set_value(outcome->run.state); });
    REQUIRE(started.ok());
    return promise->get_future();
  };
  std::future<RunState> waiting = start("busy.example");
  while (clock.sleeper_count == 0) std::this_thread::yield();
  CHECK(start("other.example").get() == RunState::kDone);
  CHECK(runner.IsRunning("busy.example"));
  clock.is_open = true;
  CHECK(waiting.get() == RunState::kDone);
}

}  // namespace
}  // namespace millrace
