// When calls that were refused are told to come again.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

#include "core/base/mutex.h"

namespace millrace {

// Keeps refusals a small part of what the server does, however many clients it has, as long as they wait as they are
// told: one refusal for every kTakenPerRefusal calls that are taken. It does not know how many wait, and need not: in
// each window in which more were refused the delay grows, two- to fourfold, in others it shrinks slowly, for those who
// were told to wait long are away for long and prove nothing. Each is told something else, from half to one and a half
// of the delay, so that those who were refused together do not come again together.
//
// Thread-safe; the mutex is held for some instructions.
class RetryPace {
 public:
  using Clock = std::chrono::steady_clock;

  static constexpr int64_t kTakenPerRefusal = 8;
  static constexpr std::chrono::milliseconds kWindow{100};
  // Of the delay: what is told is half of it at least and one and a half of it at most.
  static constexpr std::chrono::milliseconds kDelayMin{200};
  static constexpr std::chrono::milliseconds kDelayMax{10'000};

  // A call was taken.
  void CountTaken() { taken_count_.fetch_add(1, std::memory_order_relaxed); }
  // A call is refused, now: how long its client is to wait.
  std::chrono::milliseconds DelayOfRefused(Clock::time_point now) ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  void EndWindow(Clock::time_point now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  std::atomic<int64_t> taken_count_{0};  // since the window's start
  Mutex mutex_;
  Clock::time_point window_start_ ABSL_GUARDED_BY(mutex_);
  int64_t refused_count_ ABSL_GUARDED_BY(mutex_) = 0;  // since then, too
  std::chrono::milliseconds delay_ ABSL_GUARDED_BY(mutex_) = kDelayMin;
  double spread_ ABSL_GUARDED_BY(mutex_) = 0;  // in [0, 1)
};

}  // namespace millrace
