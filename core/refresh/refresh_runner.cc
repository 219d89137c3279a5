#include "core/refresh/refresh_runner.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/compile.h"

namespace millrace {
namespace {

// A refresh may take hours: who waits behind more than these should try again later.
constexpr size_t kQueueSizeMax = 64;
constexpr int64_t kSourcesPerRead = 1000;
// How far back a change without a snapshot is looked for.
constexpr int64_t kRunsPerLook = 100;

bool HasChanges(const RunRecord& run) { return run.counts.new_post_count + run.counts.updated_post_count > 0; }

}  // namespace

RefreshRunner::RefreshRunner(RefreshRunnerOptions options)
    : options_(std::move(options)),
      next_seed_(options_.fetching.seed),
      slots_(options_.thread_count),
      pool_(options_.thread_count + kWaitingMax, kQueueSizeMax) {}

RefreshRunner::~RefreshRunner() {
  is_ending_.store(true);
  if (schedule_.joinable()) schedule_.join();
}

absl::Status RefreshRunner::CheckNotShuttingDown() const {
  if (!is_ending_.load() && !(options_.shutting_down && options_.shutting_down())) return absl::OkStatus();
  return MakeError(Reason::kShuttingDown, "the server is stopping; the next refresh continues where this one was");
}

void RefreshRunner::StartSchedule() {
  schedule_ = std::thread([this] { RunSchedule(); });
}

void RefreshRunner::RunSchedule() {
  // By the machine's time: the fetching's clock may be one of a test.
  SystemClock clock;
  const auto is_over = [this] { return !CheckNotShuttingDown().ok(); };
  do {
    RefreshDueSources();
  } while (clock.Sleep(kPollInterval, is_over));
}

bool RefreshRunner::IsDue(const SourceRecord& source) const {
  if (source.settings.interval_us == 0 || IsRunning(source.settings.name)) return false;
  const absl::Time now = options_.fetching.clock->Now();
  const absl::Time last_end = absl::FromUnixMicros(source.last_run_ended_at_us.value_or(0));
  const absl::Duration interval = absl::Microseconds(source.settings.interval_us);
  if (last_end + interval <= now) return true;
  // A page to try again does not wait for a long interval, but one that goes on failing must not make the board busy.
  return source.next_retry_at_us.has_value() && absl::FromUnixMicros(*source.next_retry_at_us) <= now &&
         last_end + std::min(interval, Refresher::kRetryInterval) <= now;
}

int RefreshRunner::RefreshDueSources() {
  int begun_count = 0;
  std::string after;
  while (true) {
    const absl::StatusOr<std::vector<SourceRecord>> sources = options_.catalog->sources().List(after, kSourcesPerRead);
    // The next look tries again.
    if (!sources.ok() || sources->empty()) return begun_count;
    for (const SourceRecord& source : *sources) {
      after = source.settings.name;
      if (!IsDue(source)) continue;
      RefreshOptions options;
      options.trigger = RunTrigger::kInterval;
      // Refused by a full queue: the next look comes in a second.
      if (Start(source.settings.name, std::move(options), {}).ok()) ++begun_count;
    }
  }
}

bool RefreshRunner::IsRunning(std::string_view source) const {
  MutexLock lock(mutex_);
  return running_.contains(std::string(source));
}

absl::Status RefreshRunner::Start(std::string_view name, RefreshOptions options, RefreshDone done) {
  MILLRACE_RETURN_IF_ERROR(CheckNotShuttingDown());
  MILLRACE_ASSIGN_OR_RETURN(SourceRecord source, options_.catalog->sources().Get(name));
  {
    MutexLock lock(mutex_);
    if (!running_.insert(source.settings.name).second) {
      return MakeError(Reason::kRefreshRunning,
                       absl::StrCat("the source ", source.settings.name,
                                    " is being refreshed already, by another call or its interval"),
                       {{"source", source.settings.name}});
    }
  }
  options.stopped = [this, stopped = std::move(options.stopped)]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(CheckNotShuttingDown());
    return stopped ? stopped() : absl::OkStatus();
  };
  auto work = [this, name = source.settings.name, options = std::move(options), done = std::move(done)] {
    const absl::StatusOr<RefreshOutcome> outcome = Run(name, options);
    {
      MutexLock lock(mutex_);
      running_.erase(name);
    }
    if (options_.on_ended) options_.on_ended(outcome);
    if (done) done(outcome);
  };
  if (pool_.TrySchedule(std::move(work))) return absl::OkStatus();
  MutexLock lock(mutex_);
  running_.erase(source.settings.name);
  return MakeError(Reason::kServerBusy, "too many refreshes wait for their turn; try again later");
}

absl::StatusOr<RefreshOutcome> RefreshRunner::Run(const std::string& name, const RefreshOptions& options) {
  SlotClock clock(&slots_, options_.fetching.clock);
  // Stopped before its turn, it is recorded all the same, and fetches nothing.
  clock.Begin([&] { return !options.stopped().ok(); });
  // As it is when its turn has come: it may have waited for hours.
  MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, options_.catalog->sources().Get(name));
  PageFetcherDeps fetching = options_.fetching;
  fetching.clock = &clock;
  fetching.seed = next_seed_.fetch_add(1) << 32;
  Refresher refresher(options_.catalog, fetching);
  RefreshOutcome outcome;
  MILLRACE_ASSIGN_OR_RETURN(outcome.run, refresher.Run(source, options));
  const bool has_changes = HasChanges(outcome.run) || refresher.has_changed_tags();
  outcome.snapshot_error = CompileBehind(source, options, has_changes, &outcome.run);
  return outcome;
}

absl::StatusOr<bool> RefreshRunner::IsSnapshotMissing(const SourceRecord& source, const RunRecord& run) {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_tags, options_.catalog->sources().HasUncompiledTags(source.id));
  if (has_tags) return true;
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<RunRecord> earlier,
                            options_.catalog->sources().ListRuns(source.settings.name, run.id, kRunsPerLook));
  for (const RunRecord& before : earlier) {
    if (!before.snapshot.empty()) return false;
    if (HasChanges(before)) return true;
  }
  return false;
}

absl::Status RefreshRunner::CompileBehind(const SourceRecord& source, const RefreshOptions& options, bool has_changes,
                                          RunRecord* run) {
  if (!source.settings.snapshot_after_refresh || run->state == RunState::kStopped) return absl::OkStatus();
  if (!has_changes) {
    MILLRACE_ASSIGN_OR_RETURN(const bool is_missing, IsSnapshotMissing(source, *run));
    if (!is_missing) return absl::OkStatus();
  }
  MILLRACE_ASSIGN_OR_RETURN(const CompiledSnapshot compiled,
                            CompileSnapshot(*options_.catalog, *options_.snapshots, source.settings.dataset,
                                            [&] { return !options.stopped().ok(); }));
  run->snapshot = compiled.record.digest;
  return options_.catalog->sources().SetSnapshot(source.id, run->id, run->snapshot);
}

}  // namespace millrace
