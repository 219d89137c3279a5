// Goal: the store gives every user of a snapshot the same mapping, keeps the most recent ones open, forgets deleted
// ones, and mends what crashes leave. Method: small snapshots in a folder, looked at from outside.

#include "core/snapshot/store.h"

#include <atomic>
#include <thread>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

// Snapshots that differ, one per id.
WrittenSnapshot WriteOne(const std::string& folder, int64_t id) {
  Content content;
  Post post;
  post.id = id;
  content.posts = {post};
  return *Write(folder, content);
}

TEST_CASE("users of one digest share one snapshot") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  const std::string digest = WriteOne(folder.path(), 1).digest;
  CHECK(store->Contains(digest));
  const auto first = *store->Get(digest);
  CHECK(store->Get(digest)->get() == first.get());
  CHECK(first->digest() == digest);
}

TEST_CASE("threads that ask for one digest at once end up with one snapshot") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  const std::string digest = WriteOne(folder.path(), 1).digest;
  std::vector<std::shared_ptr<const Snapshot>> got(8);
  std::vector<std::thread> threads;
  for (auto& snapshot : got) threads.emplace_back([&] { snapshot = *store->Get(digest); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& snapshot : got) CHECK(snapshot.get() == got[0].get());
}

TEST_CASE("the most recently used stay open, others close with their last user") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  std::vector<std::string> digests;
  for (int64_t id = 0; id < 20; ++id) digests.push_back(WriteOne(folder.path(), id).digest);
  const std::weak_ptr<const Snapshot> oldest = *store->Get(digests[0]);
  std::shared_ptr<const Snapshot> held = *store->Get(digests[1]);
  for (int i = 2; i < 16; ++i) REQUIRE(store->Get(digests[i]).ok());
  CHECK(!oldest.expired());
  REQUIRE(store->Get(digests[0]).ok());  // now the most recent
  for (int i = 16; i < 20; ++i) REQUIRE(store->Get(digests[i]).ok());
  CHECK(!oldest.expired());
  // Pushed out of those kept, but in use: still shared.
  CHECK(store->Get(digests[1])->get() == held.get());
  for (int i = 2; i < 18; ++i) REQUIRE(store->Get(digests[i]).ok());
  CHECK(oldest.expired());
  const std::weak_ptr<const Snapshot> released = held;
  CHECK(!released.expired());
  held.reset();
  CHECK(released.expired());
}

TEST_CASE("a deleted snapshot is missing, but lives on for those who hold it") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  const std::string digest = WriteOne(folder.path(), 42).digest;
  const auto held = *store->Get(digest);
  REQUIRE(store->Delete(digest).ok());
  CHECK(!store->Contains(digest));
  CHECK(ReasonOf(store->Get(digest).status()) == Reason::kSnapshotMissing);
  CHECK(folder.entry_count() == 0);
  int64_t id = 0;
  const int64_t row = 0;
  REQUIRE(held->ReadPostIds({row}, absl::Span<int64_t>(&id, 1)).ok());
  CHECK(id == 42);
  CHECK(store->Delete(digest).ok());
  // Compiled again, it is there again.
  CHECK(WriteOne(folder.path(), 42).digest == digest);
  CHECK(store->Get(digest).ok());
}

TEST_CASE("names that are no digests are missing, and touch nothing outside the folder") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path() + "/snapshots");
  WriteFile(folder.path() + "/x.snapshot", "precious");
  for (const std::string name : {"", "../x", "abc", "/etc/passwd"}) {
    CHECK(ReasonOf(store->Get(name).status()) == Reason::kSnapshotMissing);
    CHECK(!store->Contains(name));
    CHECK(store->Delete(name).ok());
  }
  CHECK(ReadFile(folder.path() + "/x.snapshot") == "precious");
}

TEST_CASE("a damaged snapshot is served again once its file is mended, without a restart") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  const Content content = RandomContent(41, 2'000, 100);
  const WrittenSnapshot written = *Write(folder.path(), content);
  std::string bytes = ReadFile(written.path);
  bytes[100] ^= 1;
  WriteFile(written.path, bytes);
  const auto damaged = *store->Get(written.digest);
  CHECK(ReasonOf(damaged->TagIndexes(0).status()) == Reason::kSnapshotDamaged);
  CHECK(ReasonOf((*store->Get(written.digest))->TagIndexes(0).status()) == Reason::kSnapshotDamaged);
  REQUIRE(Write(folder.path(), content)->digest == written.digest);
  CHECK(*ReadPost(**store->Get(written.digest), 0) == content.posts[0]);
}

TEST_CASE("opening a store removes what an interrupted compilation left, and nothing else") {
  TempFolder folder;
  const WrittenSnapshot written = WriteOne(folder.path(), 1);
  std::filesystem::create_directory(folder.path() + "/compile.AbC123");
  WriteFile(folder.path() + "/compile.AbC123/post.id", "left over");
  WriteFile(folder.path() + "/notes.txt", "of the operator");
  REQUIRE(SnapshotStore::Open(folder.path()).ok());
  CHECK(!std::filesystem::exists(folder.path() + "/compile.AbC123"));
  CHECK(std::filesystem::exists(folder.path() + "/notes.txt"));
  CHECK(std::filesystem::exists(written.path));
}

TEST_CASE("deleting and opening at once never leaves a deleted snapshot in the store") {
  TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  for (int round = 0; round < 30; ++round) {
    const std::string digest = WriteOne(folder.path(), round).digest;
    std::thread reader([&] {
      for (int i = 0; i < 20; ++i) {
        const auto snapshot = store->Get(digest);
        if (!snapshot.ok() && ReasonOf(snapshot.status()) != Reason::kSnapshotMissing) std::abort();
      }
    });
    REQUIRE(store->Delete(digest).ok());
    reader.join();
    REQUIRE(ReasonOf(store->Get(digest).status()) == Reason::kSnapshotMissing);
  }
}

}  // namespace
}  // namespace millrace
