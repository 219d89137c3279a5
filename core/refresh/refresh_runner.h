// Who refreshes which source when: those that are asked for, and those whose interval is over.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/base/thread_pool.h"
#include "core/catalog/catalog.h"
#include "core/refresh/refresher.h"
#include "core/refresh/run_slots.h"
#include "core/snapshot/store.h"

namespace millrace {

struct RefreshOutcome {
  RunRecord run;
  absl::Status snapshot_error;  // why there is none although the source asks for one
};

// Called once, on a thread of the runner, behind the refresh: its outcome, or why nothing of it could be recorded.
using RefreshDone = std::function<void(const absl::StatusOr<RefreshOutcome>&)>;

struct RefreshRunnerOptions {
  Catalog* catalog = nullptr;
  SnapshotStore* snapshots = nullptr;
  PageFetcherDeps fetching;             // its clock decides what is due
  size_t thread_count = 2;              // refreshes at work at a time; others wait for their turn
  std::function<bool()> shutting_down;  // once true, every refresh stops
  RefreshDone on_ended;                 // of every refresh, for a log; may be empty
};

// Each source is refreshed by one at a time. One that waits for long, for a board or an import, lets others take its
// turn meanwhile; kWaitingMax may do so. Thread-safe. What is in the options is borrowed.
class RefreshRunner {
 public:
  static constexpr absl::Duration kPollInterval = absl::Seconds(1);
  static constexpr size_t kWaitingMax = 32;

  explicit RefreshRunner(RefreshRunnerOptions options);
  // Stops what runs, and waits for it.
  ~RefreshRunner();
  RefreshRunner(const RefreshRunner&) = delete;
  RefreshRunner& operator=(const RefreshRunner&) = delete;

  // Looks every kPollInterval for sources whose interval is over, from a thread of its own.
  void StartSchedule();
  // One such look. Returns how many refreshes it began.
  int RefreshDueSources();

  // Begins a refresh, and calls `done` when it is over; not at all when this returns an error: kSourceNotFound,
  // kRefreshRunning, kServerBusy, kShuttingDown. `options.stopped` is asked beside what the runner knows.
  absl::Status Start(std::string_view source, RefreshOptions options, RefreshDone done);
  bool IsRunning(std::string_view source) const;

 private:
  void RunSchedule();
  bool IsDue(const SourceRecord& source) const;
  absl::StatusOr<RefreshOutcome> Run(const std::string& name, const RefreshOptions& options);
  // `has_changes`: whether the run changed posts or tags.
  absl::Status CompileBehind(const SourceRecord& source, const RefreshOptions& options, bool has_changes,
                             RunRecord* run);
  // Whether a run before changed posts or tags and ended without a snapshot, by a stop or an error.
  absl::StatusOr<bool> IsSnapshotMissing(const SourceRecord& source, const RunRecord& run);
  absl::Status CheckNotShuttingDown() const;

  const RefreshRunnerOptions options_;
  std::atomic<bool> is_ending_{false};
  std::atomic<uint64_t> next_seed_;

  mutable Mutex mutex_;
  absl::flat_hash_set<std::string> running_ ABSL_GUARDED_BY(mutex_);  // names; queued ones among them

  RunSlots slots_;
  ThreadPool pool_;  // a thread for each at work, and for each that waits
  std::thread schedule_;
};

}  // namespace millrace
