#include "core/base/thread_priority.h"

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

#include "core/base/mutex.h"

namespace millrace {
namespace {

// Linux gives a thread 1.25 times the time of one that is nicer by one.
constexpr int kRaise = 10;

using Clock = std::chrono::steady_clock;

// The threads that hurry without a greater share.
class Unraised {
 public:
  void Enter(std::chrono::nanoseconds patience) {
    MutexLock lock(mutex_);
    const bool is_first = count_.fetch_add(1, std::memory_order_relaxed) == 0;
    const Clock::time_point until = Clock::now() + patience;
    until_ = is_first ? until : std::max(until_, until);
  }
  void Leave() {
    {
      MutexLock lock(mutex_);
      count_.fetch_sub(1, std::memory_order_relaxed);
    }
    left_.SignalAll();
  }
  void WaitForNone() {
    if (count_.load(std::memory_order_relaxed) == 0) [[likely]]
      return;
    MutexLock lock(mutex_);
    while (count_.load(std::memory_order_relaxed) > 0) {
      const auto patience = until_ - Clock::now();
      if (patience <= patience.zero()) return;
      left_.WaitFor(mutex_, patience);
    }
  }

 private:
  std::atomic<int> count_ = 0;  // written with the mutex held; looked at without it where none is the rule
  Mutex mutex_;
  CondVar left_;
  Clock::time_point until_ ABSL_GUARDED_BY(mutex_);
};

Unraised& UnraisedThreads() {
  static Unraised threads;
  return threads;
}

}  // namespace

Hurry::Hurry(std::chrono::nanoseconds patience) {
  // On Linux 0 is the calling thread, not its process. -1 may be a niceness.
  errno = 0;
  usual_niceness_ = getpriority(PRIO_PROCESS, 0);
  const bool is_known = usual_niceness_ != -1 || errno == 0;
  is_raised_ = is_known && setpriority(PRIO_PROCESS, 0, usual_niceness_ - kRaise) == 0;
  if (!is_raised_) UnraisedThreads().Enter(patience);
}

Hurry::~Hurry() {
  if (is_raised_) {
    // To be nicer is always allowed.
    setpriority(PRIO_PROCESS, 0, usual_niceness_);
  } else {
    UnraisedThreads().Leave();
  }
}

void GiveWay() { UnraisedThreads().WaitForNone(); }

}  // namespace millrace
