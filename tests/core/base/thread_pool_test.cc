// Goal: every task that was taken is run once, also when the pool ends; a full queue refuses, without waiting.
// Method: tasks that count, and one that blocks the only thread until told.

#include "core/base/thread_pool.h"

#include <atomic>
#include <future>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("all tasks run, also those still queued at the end") {
  std::atomic<int> count = 0;
  int accepted = 0;
  {
    ThreadPool pool(3, 50);
    for (int i = 0; i < 1'000; ++i) accepted += pool.TrySchedule([&] { ++count; });
    for (int i = 0; i < 1'000; ++i) pool.Schedule([&] { ++count; });
  }
  CHECK(count == accepted + 1'000);
  CHECK(accepted >= 50);
}

TEST_CASE("a full queue refuses; admitted work goes beside it; one thread keeps the order") {
  std::vector<int> order;
  {
    std::promise<void> started, go_on;
    ThreadPool pool(1, 2);
    REQUIRE(pool.TrySchedule([&] {
      started.set_value();
      go_on.get_future().wait();
    }));
    started.get_future().wait();
    CHECK(pool.TrySchedule([&] { order.push_back(1); }));
    // Neither counts: the thousand streams that are open do not keep new calls out.
    pool.Schedule([&] { order.push_back(2); });
    pool.Schedule([&] { order.push_back(3); });
    CHECK(pool.TrySchedule([&] { order.push_back(4); }));
    CHECK(!pool.TrySchedule([&] { order.push_back(-1); }));
    pool.Schedule([&] { order.push_back(5); });
    CHECK(!pool.TrySchedule([&] { order.push_back(-1); }));
    go_on.set_value();
  }
  CHECK(order == std::vector<int>{1, 2, 3, 4, 5});
}

TEST_CASE("a reserved place is taken until its task has begun") {
  std::promise<void> began;
  ThreadPool pool(1, 1);
  REQUIRE(pool.TryReserve());
  CHECK(!pool.TryReserve());
  CHECK(!pool.TrySchedule([] {}));
  pool.ScheduleReserved([&] { began.set_value(); });
  began.get_future().wait();
  CHECK(pool.TrySchedule([] {}));
}

TEST_CASE("a task may schedule its continuation") {
  std::promise<void> done;
  {
    ThreadPool pool(1, 1);
    pool.Schedule([&] { pool.Schedule([&] { done.set_value(); }); });
  }
  CHECK(done.get_future().wait_for(std::chrono::seconds(0)) == std::future_status::ready);
}

}  // namespace
}  // namespace millrace
