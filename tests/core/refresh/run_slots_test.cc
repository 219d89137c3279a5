#include "core/refresh/run_slots.h"

#include <atomic>
#include <thread>
#include <vector>

#include "tests/support/catch.h"
#include "tests/support/fake_clock.h"

namespace millrace {
namespace {

// Says what happens while somebody sleeps.
class WatchedClock final : public Clock {
 public:
  absl::Time Now() override { return absl::UnixEpoch(); }
  bool Sleep(absl::Duration, const std::function<bool()>& cancelled) override {
    on_sleep();
    return !(cancelled && cancelled());
  }
  std::function<void()> on_sleep;
};

bool HasFree(RunSlots* slots) {
  int asked_count = 0;
  const bool is_taken = slots->Acquire([&] { return ++asked_count > 1; });
  if (is_taken) slots->Release();
  return is_taken;
}

TEST_CASE("a long sleep gives the slot to others, and a short one keeps it") {
  RunSlots slots(1);
  WatchedClock machine;
  {
    SlotClock clock(&slots, &machine);
    REQUIRE(clock.Begin({}));
    bool was_free = true;
    machine.on_sleep = [&] { was_free = HasFree(&slots); };
    CHECK(clock.Sleep(SlotClock::kKeptMax - absl::Milliseconds(1), {}));
    CHECK_FALSE(was_free);
    CHECK(clock.Sleep(SlotClock::kKeptMax, {}));
    CHECK(was_free);
    CHECK_FALSE(HasFree(&slots));
  }
  CHECK(HasFree(&slots));
}

TEST_CASE("whoever is cancelled while it waits for its slot has none, and takes none back") {
  RunSlots slots(1);
  WatchedClock machine;
  std::atomic<bool> is_cancelled{false};
  {
    SlotClock clock(&slots, &machine);
    REQUIRE(clock.Begin({}));
    // Another takes the slot meanwhile.
    machine.on_sleep = [&] { REQUIRE(slots.Acquire({})); };
    std::thread canceller([&] {
      while (slots.waiting_count() == 0) std::this_thread::yield();
      is_cancelled = true;
    });
    CHECK_FALSE(clock.Sleep(absl::Hours(1), [&] { return is_cancelled.load(); }));
    canceller.join();
  }
  CHECK_FALSE(HasFree(&slots));
  slots.Release();
  CHECK(HasFree(&slots));
}

TEST_CASE("who waits first is first, and those that come back from a sleep are before those that begin") {
  RunSlots slots(1);
  REQUIRE(slots.Acquire({}));
  Mutex mutex;
  std::vector<int> order;
  std::vector<std::thread> waiting;
  const auto wait = [&](int name, RunSlots::Rank rank) {
    const size_t waiting_count = slots.waiting_count();
    waiting.emplace_back([&slots, &mutex, &order, name, rank] {
      slots.Acquire({}, rank);
      {
        MutexLock lock(mutex);
        order.push_back(name);
      }
      slots.Release();
    });
    while (slots.waiting_count() == waiting_count) std::this_thread::yield();
  };
  for (const int name : {1, 2, 3}) wait(name, RunSlots::Rank::kNew);
  for (const int name : {4, 5}) wait(name, RunSlots::Rank::kReturning);
  slots.Release();
  for (std::thread& thread : waiting) thread.join();
  CHECK(order == std::vector<int>{4, 5, 1, 2, 3});
}

TEST_CASE("whoever gives up before its turn keeps nobody behind it waiting") {
  RunSlots slots(1);
  REQUIRE(slots.Acquire({}));
  std::atomic<bool> is_cancelled{false};
  std::thread first([&] { slots.Acquire([&] { return is_cancelled.load(); }); });
  while (slots.waiting_count() < 1) std::this_thread::yield();
  std::thread second([&] { slots.Acquire({}); });
  while (slots.waiting_count() < 2) std::this_thread::yield();
  is_cancelled = true;
  first.join();
  slots.Release();
  second.join();
  CHECK_FALSE(HasFree(&slots));
}

}  // namespace
}  // namespace millrace
