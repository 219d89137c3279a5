#include "core/refresh/run_slots.h"

#include <chrono>

namespace millrace {

bool RunSlots::Acquire(const std::function<bool()>& cancelled, Rank rank) {
  constexpr std::chrono::milliseconds kPollInterval(100);
  Ticket ticket;
  {
    MutexLock lock(mutex_);
    ticket = {rank, next_number_++};
    waiting_.insert(ticket);
  }
  bool is_taken = false;
  // Asked without the mutex: it may take others.
  while (!is_taken && !(cancelled && cancelled())) {
    MutexLock lock(mutex_);
    const auto is_next = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
      return free_count_ > 0 && *waiting_.begin() == ticket;
    };
    if (!is_next()) changed_.WaitFor(mutex_, kPollInterval);
    is_taken = is_next();
    if (is_taken) --free_count_;
  }
  {
    MutexLock lock(mutex_);
    waiting_.erase(ticket);
  }
  // There may be a slot for whoever comes behind it.
  changed_.SignalAll();
  return is_taken;
}

size_t RunSlots::waiting_count() const {
  MutexLock lock(mutex_);
  return waiting_.size();
}

void RunSlots::Release() {
  {
    MutexLock lock(mutex_);
    ++free_count_;
  }
  // All: the one that is next must be among those that wake.
  changed_.SignalAll();
}

bool SlotClock::Begin(const std::function<bool()>& cancelled) { return is_held_ = slots_.Acquire(cancelled); }

void SlotClock::End() {
  if (is_held_) slots_.Release();
  is_held_ = false;
}

bool SlotClock::Sleep(absl::Duration duration, const std::function<bool()>& cancelled) {
  if (!is_held_ || duration < kKeptMax) return clock_.Sleep(duration, cancelled);
  End();
  return clock_.Sleep(duration, cancelled) && (is_held_ = slots_.Acquire(cancelled, RunSlots::Rank::kReturning));
}

}  // namespace millrace
