#include "core/refresh/run_slots.h"

#include <chrono>

namespace millrace {

bool RunSlots::Acquire(const std::function<bool()>& cancelled) {
  constexpr std::chrono::milliseconds kPollInterval(100);
  while (true) {
    // Asked without the mutex: it may take others.
    if (cancelled && cancelled()) return false;
    MutexLock lock(mutex_);
    if (free_count_ == 0) released_.WaitFor(mutex_, kPollInterval);
    if (free_count_ == 0) continue;
    --free_count_;
    return true;
  }
}

void RunSlots::Release() {
  {
    MutexLock lock(mutex_);
    ++free_count_;
  }
  released_.Signal();
}

bool SlotClock::Begin(const std::function<bool()>& cancelled) { return is_held_ = slots_.Acquire(cancelled); }

void SlotClock::End() {
  if (is_held_) slots_.Release();
  is_held_ = false;
}

bool SlotClock::Sleep(absl::Duration duration, const std::function<bool()>& cancelled) {
  if (!is_held_ || duration < kKeptMax) return clock_.Sleep(duration, cancelled);
  End();
  return clock_.Sleep(duration, cancelled) && Begin(cancelled);
}

}  // namespace millrace
