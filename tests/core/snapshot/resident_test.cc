// Goal: a snapshot that is copied to memory reads as the mapped one does, before, during and after the copying, within
// the budget, from many threads at once; a section is copied once it is read in earnest, and never with damage in it.
// Method: made up snapshots opened both ways; threads that read while sections are copied (also under
// ThreadSanitizer); a flipped byte where nobody has read yet.
#include <chrono>
#include <functional>
#include <thread>

#include "core/snapshot/checked_file.h"
#include "core/snapshot/resident_memory.h"
#include "core/snapshot/store.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;
using snapshot_file::CheckedFile;
using snapshot_file::kBlockBytes;
using snapshot_file::Section;

// Enough posts that their ids take 17 blocks.
constexpr int kManyPosts = 17 * 8192 - 5;

Content ManyPosts() {
  Content content;
  for (int i = 0; i < kManyPosts; ++i) {
    Post& post = content.posts.emplace_back();
    post.id = 3 * i + 1;
    post.score = -i;
  }
  return content;
}

std::unique_ptr<CheckedFile> OpenCopied(const WrittenSnapshot& written) {
  return *CheckedFile::Open(written.path, written.digest, std::make_shared<ResidentBudget>(int64_t{1} << 30));
}

bool WaitUntil(const std::function<bool()>& is_so) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!is_so()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return true;
}

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

TEST_CASE("a snapshot reads the same while it is copied, whoever touches a block first") {
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
  const auto file = *CheckedFile::Open(written->path, written->digest, std::make_shared<ResidentBudget>(10));
  const Section& ids = *file->layout().Find("post.id");
  REQUIRE(file->CheckBlock(ids, 0).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(file->is_copied(ids));
}

TEST_CASE("a section is copied when an eighth of it was touched, others are not") {
  TempFolder folder;
  const auto written = Write(folder.path(), ManyPosts());
  REQUIRE(written.ok());
  const auto file = OpenCopied(*written);
  const Section& ids = *file->layout().Find("post.id");
  const Section& scores = *file->layout().Find("post.score");
  REQUIRE(ids.block_count() == 17);
  const uint8_t* const mapped = file->place(ids).load();
  REQUIRE(file->CheckBlock(ids, 16).ok());
  REQUIRE(file->CheckBlock(ids, 3).ok());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_FALSE(file->is_copied(ids));
  REQUIRE(file->CheckBlock(ids, 9).ok());
  REQUIRE(WaitUntil([&] { return file->is_copied(ids); }));
  CHECK_FALSE(file->is_copied(scores));
  // Nothing is left to be compared, and what was handed out before is still there.
  for (uint64_t block = 0; block < 17; ++block) {
    CHECK(CheckedFile::IsChecked(file->checked_blocks(), ids.first_block + block));
  }
  CHECK(std::equal(mapped, mapped + ids.size_bytes, file->place(ids).load()));
}

TEST_CASE("damage that the copier meets is not copied, and told to nobody but who asks for it") {
  TempFolder folder;
  const auto written = Write(folder.path(), ManyPosts());
  REQUIRE(written.ok());
  std::string bytes = ReadFile(written->path);
  uint64_t offset = 0;
  {
    const auto file = OpenCopied(*written);
    offset = file->layout().Find("post.id")->offset;
  }
  bytes[offset + 8 * kBlockBytes + 77] = static_cast<char>(bytes[offset + 8 * kBlockBytes + 77] ^ 4);
  WriteFile(written->path, bytes);
  const auto file = OpenCopied(*written);
  const Section& ids = *file->layout().Find("post.id");
  for (uint64_t block = 0; block < 8; ++block) REQUIRE(file->CheckBlock(ids, block).ok());
  // The copier reads eight blocks at a time: when the scores are copied behind it, it is done with the ids.
  const Section& scores = *file->layout().Find("post.score");
  for (uint64_t block = 0; block < scores.block_count(); ++block) REQUIRE(file->CheckBlock(scores, block).ok());
  REQUIRE(WaitUntil([&] { return file->is_copied(scores); }));
  CHECK_FALSE(file->is_copied(ids));
  CHECK_FALSE(file->damage_found());
  CHECK_FALSE(CheckedFile::IsChecked(file->checked_blocks(), ids.first_block + 8));
  CHECK(ReasonOf(file->CheckBlock(ids, 8)) == Reason::kSnapshotDamaged);
  CHECK(file->damage_found());
  CHECK(file->CheckBlock(ids, 9).ok());
}

TEST_CASE("batches that are gathered while sections are copied are the file's") {
  TempFolder folder;
  const Content content = ManyPosts();
  const auto written = Write(folder.path(), content);
  REQUIRE(written.ok());
  for (int round = 0; round < 5; ++round) {
    const auto snapshot =
        *Snapshot::Open(written->path, written->digest, std::make_shared<ResidentBudget>(int64_t{1} << 30));
    std::vector<int> wrong_counts(2, 0);
    std::vector<std::thread> threads;
    for (size_t thread = 0; thread < wrong_counts.size(); ++thread) {
      threads.emplace_back([&, thread] {
        std::vector<int64_t> rows(256), ids(256);
        for (int64_t batch = 0; batch < 300; ++batch) {
          for (size_t i = 0; i < rows.size(); ++i) {
            rows[i] = (batch * 256 + static_cast<int64_t>(i + thread)) * 7919 % kManyPosts;
          }
          if (!snapshot->ReadPostIds(rows, absl::MakeSpan(ids)).ok()) ++wrong_counts[thread];
          for (size_t i = 0; i < rows.size(); ++i) wrong_counts[thread] += ids[i] != 3 * rows[i] + 1;
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    CHECK(wrong_counts == std::vector<int>(2, 0));
  }
}

TEST_CASE("a file that is closed while it is copied takes its thread with it") {
  TempFolder folder;
  const auto written = Write(folder.path(), ManyPosts());
  REQUIRE(written.ok());
  const auto budget = std::make_shared<ResidentBudget>(int64_t{1} << 30);
  for (int round = 0; round < 20; ++round) {
    const auto file = *CheckedFile::Open(written->path, written->digest, budget);
    for (const Section& section : file->layout().sections) {
      for (uint64_t block = 0; block < section.block_count(); ++block) REQUIRE(file->CheckBlock(section, block).ok());
    }
  }
  CHECK(budget->TryTake(int64_t{1} << 30));
}

}  // namespace
}  // namespace millrace
