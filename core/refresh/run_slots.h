// How many refreshes are at work at a time; one that waits for long is not at work.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <utility>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "core/fetch/clock.h"

namespace millrace {

// Whoever waits first is first, but those that had a slot before come before those that begin: what is half done holds
// a board's page in its hands. Thread-safe.
class RunSlots {
 public:
  enum class Rank { kReturning, kNew };

  explicit RunSlots(size_t slot_count) : free_count_(slot_count) {}

  // Waits for a slot and takes it. False, without one, once `cancelled` says so (asked ten times a second).
  bool Acquire(const std::function<bool()>& cancelled, Rank rank = Rank::kNew) ABSL_LOCKS_EXCLUDED(mutex_);
  void Release() ABSL_LOCKS_EXCLUDED(mutex_);
  size_t waiting_count() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  // Ascending: who is next is first.
  using Ticket = std::pair<Rank, uint64_t>;

  mutable Mutex mutex_;
  CondVar changed_;
  size_t free_count_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_number_ ABSL_GUARDED_BY(mutex_) = 0;
  std::set<Ticket> waiting_ ABSL_GUARDED_BY(mutex_);
};

// The clock of one refresh that holds a slot: a long sleep gives it to others, and ends when there is one again. Used
// by one thread.
class SlotClock final : public Clock {
 public:
  // Sleeps from this on give the slot away: longer than the time between two requests to a host, which would only
  // have refreshes take turns, and no longer than the waits for an import.
  static constexpr absl::Duration kKeptMax = absl::Seconds(2);

  // Borrowed, both. Takes no slot: call Begin.
  SlotClock(RunSlots* slots, Clock* clock) : slots_(*slots), clock_(*clock) {}
  ~SlotClock() override { End(); }
  SlotClock(const SlotClock&) = delete;
  SlotClock& operator=(const SlotClock&) = delete;

  // As RunSlots::Acquire.
  bool Begin(const std::function<bool()>& cancelled);
  void End();

  absl::Time Now() override { return clock_.Now(); }
  // False also when it was cancelled while it waited for a slot behind the sleep; then it holds none.
  bool Sleep(absl::Duration duration, const std::function<bool()>& cancelled) override;

 private:
  RunSlots& slots_;
  Clock& clock_;
  bool is_held_ = false;
};

}  // namespace millrace
