// Goal: every part is done once, whoever does it, and errors are those that one thread alone would meet. Method: counts
// by part over many calls, several at a time; parts that wait for each other, which one thread cannot do.
#include "core/base/run_parts.h"

#include <atomic>
#include <chrono>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/mutex.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// A worker that does nothing but count.
std::function<PartWorker()> Counting(std::vector<std::atomic<int>>* counts) {
  return [counts]() -> PartWorker {
    return [counts](size_t part) {
      ++(*counts)[part];
      return absl::OkStatus();
    };
  };
}

TEST_CASE("each part is done once") {
  for (const size_t part_count : {0u, 1u, 2u, 3u, 4u, 29u, 1000u}) {
    CAPTURE(part_count);
    std::vector<std::atomic<int>> counts(part_count);
    REQUIRE(RunParts(part_count, {}, Counting(&counts)).ok());
    for (const std::atomic<int>& count : counts) CHECK(count == 1);
  }
}

TEST_CASE("calls at the same time do their own parts") {
  std::vector<std::thread> threads;
  std::atomic<int> wrong_count = 0;
  for (int thread = 0; thread < 6; ++thread) {
    threads.emplace_back([&] {
      for (int call = 0; call < 200; ++call) {
        std::vector<std::atomic<int>> counts(40);
        if (!RunParts(counts.size(), {}, Counting(&counts)).ok()) ++wrong_count;
        for (const std::atomic<int>& count : counts) wrong_count += count != 1;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong_count == 0);
}

TEST_CASE("where there is another processor, it helps") {
  if (std::thread::hardware_concurrency() < 2) return;
  Mutex mutex;
  std::set<std::thread::id> workers;
  const auto make_worker = [&]() -> PartWorker {
    return [&](size_t) {
      // Until somebody else has begun a part, or will not come any more.
      for (int i = 0; i < 10'000; ++i) {
        {
          MutexLock lock(mutex);
          workers.insert(std::this_thread::get_id());
          if (workers.size() > 1) break;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
      }
      return absl::OkStatus();
    };
  };
  REQUIRE(RunParts(4, {}, make_worker).ok());
  CHECK(workers.size() > 1);
}

TEST_CASE("the lowest part's error is told, and no part begins after one") {
  for (int call = 0; call < 100; ++call) {
    std::vector<std::atomic<int>> counts(200);
    const absl::Status status = RunParts(counts.size(), {}, [&]() -> PartWorker {
      return [&](size_t part) -> absl::Status {
        ++counts[part];
        if (part >= 20) return absl::DataLossError(absl::StrCat("part ", part));
        return absl::OkStatus();
      };
    });
    REQUIRE(status.message() == "part 20");
    // Those that had begun by then: one a thread at most.
    int begun_count = 0;
    for (const std::atomic<int>& count : counts) begun_count += count;
    REQUIRE(begun_count <= 20 + 8);
  }
}

TEST_CASE("a check's error ends the call before the next part") {
  int asked_count = 0;
  std::atomic<int> done_count = 0;
  const auto caller = std::this_thread::get_id();
  bool is_on_caller = true;
  const absl::Status status = RunParts(
      100'000,
      [&] {
        is_on_caller &= std::this_thread::get_id() == caller;
        return ++asked_count < 3 ? absl::OkStatus() : absl::CancelledError("nobody waits");
      },
      [&]() -> PartWorker {
        return [&](size_t) {
          ++done_count;
          std::this_thread::sleep_for(std::chrono::microseconds(100));
          return absl::OkStatus();
        };
      });
  CHECK(status.message() == "nobody waits");
  CHECK(asked_count == 3);
  CHECK(is_on_caller);
  CHECK(done_count >= 2);
  CHECK(done_count < 100'000);
}

}  // namespace
}  // namespace millrace
