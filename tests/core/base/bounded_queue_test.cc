// Goal: items come out once and in order; the bound and the end hold. Method: by hand, then two threads.

#include "core/base/bounded_queue.h"

#include <memory>
#include <thread>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("first in, first out, up to the bound") {
  BoundedQueue<std::unique_ptr<int>> queue(2);
  CHECK(queue.HasRoom());
  CHECK(queue.TryPush(std::make_unique<int>(1)));
  CHECK(queue.TryPush(std::make_unique<int>(2)));
  CHECK(!queue.HasRoom());
  CHECK(!queue.TryPush(std::make_unique<int>(3)));
  CHECK(**queue.Pop() == 1);
  CHECK(queue.HasRoom());
  CHECK(queue.TryPush(std::make_unique<int>(4)));
  CHECK(**queue.Pop() == 2);
  CHECK(**queue.Pop() == 4);
}

TEST_CASE("closing takes nothing more and gives what is left") {
  BoundedQueue<int> queue(4);
  CHECK(queue.TryPush(1));
  queue.Close();
  CHECK(!queue.TryPush(2));
  CHECK(!queue.HasRoom());
  CHECK(queue.Pop() == 1);
  CHECK(!queue.Pop().has_value());
  CHECK(!queue.Pop().has_value());
}

TEST_CASE("closing wakes every consumer that waits") {
  BoundedQueue<int> queue(1);
  std::vector<std::thread> consumers;
  for (int i = 0; i < 3; ++i) {
    consumers.emplace_back([&] {
      while (queue.Pop().has_value()) {
      }
    });
  }
  queue.Close();
  for (std::thread& consumer : consumers) consumer.join();
}

TEST_CASE("a consumer sees everything that a producer got in, in order") {
  BoundedQueue<int> queue(8);
  std::vector<int> seen;
  std::thread consumer([&] {
    while (const std::optional<int> item = queue.Pop()) seen.push_back(*item);
  });
  std::vector<int> pushed;
  for (int i = 0; i < 20'000; ++i) {
    if (queue.TryPush(i)) {
      pushed.push_back(i);
    } else {
      std::this_thread::yield();
    }
  }
  queue.Close();
  consumer.join();
  CHECK((seen == pushed));
}

}  // namespace
}  // namespace millrace
