// Goal: a snapshot that is copied to memory reads as the mapped one does, within the budget, from many threads at once.
// Method: made up snapshots opened both ways; threads that touch the same blocks first (also under ThreadSanitizer).
#include <thread>

#include "core/snapshot/resident_memory.h"
#include "core/snapshot/store.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

TEST_CASE("the budget is the bound, and what is let go comes back") {
  const auto budget = std::make_shared<ResidentBudget>(1000);
  auto first = ResidentMemory::Allocate(budget, 600);
  REQUIRE(first != nullptr);
  CHECK(reinterpret_cast<uintptr_t>(first->data()) % (2 << 20) == 0);
  first->data()[0] = first->data()[599] = 1;
  CHECK(ResidentMemory::Allocate(budget, 401) == nullptr);
  CHECK(ResidentMemory::Allocate(budget, 400) != nullptr);
  first.reset();
  CHECK(ResidentMemory::Allocate(budget, 1000) != nullptr);
}

TEST_CASE("a copy reads as the file does, whoever touches a block first") {
  TempFolder folder;
  const Content content = RandomContent(7, 3000, 500);
  const auto written = Write(folder.path(), content);
  REQUIRE(written.ok());
  const auto store = *SnapshotStore::Open(folder.path(), int64_t{1} << 30);
  const std::shared_ptr<const Snapshot> snapshot = *store->Get(written->digest);
  std::vector<int> wrong_counts(4, 0);
  std::vector<std::thread> threads;
  for (int& wrong_count : wrong_counts) {
    threads.emplace_back([&] {
      for (size_t row = 0; row < content.posts.size(); ++row) {
        const auto post = ReadPost(*snapshot, static_cast<int64_t>(row));
        if (!post.ok() || *post != content.posts[row]) ++wrong_count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong_counts == std::vector<int>(4, 0));
}

TEST_CASE("a snapshot that finds no room is mapped, and served all the same") {
  TempFolder folder;
  const Content content = RandomContent(8, 50, 20);
  const auto written = Write(folder.path(), content);
  REQUIRE(written.ok());
  const auto store = *SnapshotStore::Open(folder.path(), 10);
  const auto snapshot = *store->Get(written->digest);
  for (size_t row = 0; row < content.posts.size(); ++row) {
    CHECK(*ReadPost(*snapshot, static_cast<int64_t>(row)) == content.posts[row]);
  }
}

}  // namespace
}  // namespace millrace
