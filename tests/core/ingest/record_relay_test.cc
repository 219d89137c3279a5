// Goal: what a reader finds reaches the sink on its other thread whole, in order and once, up to the first error, and a
// slow sink holds the reader back. Method: thousands of records of every kind; sinks that fail and that wait.
#include "core/ingest/record_relay.h"

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "core/base/mutex.h"
#include "tests/core/ingest/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

Post PostOf(int64_t id) {
  Post post;
  post.id = id;
  post.source = "source " + std::to_string(id);
  post.pools = {{id, "series"}};
  if (id % 2 == 0) post.tag_ids = {1, 2};
  return post;
}

TEST_CASE("records of every kind arrive in order, and whole") {
  CollectingSink sink;
  RecordRelay relay(&sink);
  constexpr int64_t kCount = 5000;
  for (int64_t i = 1; i <= kCount; ++i) {
    // Gone when the sink is called.
    const std::string name = "tag " + std::to_string(i);
    const ImportedTag tags[] = {{1, "a", TagCategory::kArtist}, {2, name, TagCategory::kMeta}};
    REQUIRE(relay.OnPost(PostOf(i), absl::MakeConstSpan(tags, i % 2 == 0 ? 2 : 0), i, i % 3).ok());
    if (i % 7 == 0) REQUIRE(relay.OnTag({i, name}, i).ok());
    if (i % 11 == 0) REQUIRE(relay.OnTagRelation({TagRelationKind::kImplication, name, "b", "active", ""}, i).ok());
    if (i % 13 == 0) REQUIRE(relay.OnPool({i, name, "series", false, {1, i}, ""}, i).ok());
    if (i % 17 == 0) REQUIRE(relay.OnArtist({i, name, {"x"}, ""}, i).ok());
    if (i % 19 == 0) REQUIRE(relay.OnRejected({"", i, "id", name, i}).ok());
  }
  REQUIRE(relay.Drain().ok());
  REQUIRE(sink.posts.size() == kCount);
  for (int64_t i = 1; i <= kCount; ++i) {
    const CollectingSink::Taken& taken = sink.posts[static_cast<size_t>(i - 1)];
    REQUIRE(taken.post == PostOf(i));
    REQUIRE(taken.line == i);
    REQUIRE(taken.duplicate_tag_count == i % 3);
    REQUIRE(taken.tags.size() == (i % 2 == 0 ? 2 : 0));
    if (i % 2 == 0) REQUIRE(taken.tags[1].name == "tag " + std::to_string(i));
  }
  CHECK(sink.tags.size() == kCount / 7);
  CHECK(sink.relations.size() == kCount / 11);
  CHECK(sink.pools.back().post_ids == std::vector<int64_t>{1, kCount / 13 * 13});
  CHECK(sink.artists.size() == kCount / 17);
  CHECK(sink.rejected.size() == kCount / 19);
  CHECK(sink.rejected.front().reason == "tag 19");
}

// Fails at one post, and counts those that come.
class FailingSink : public CollectingSink {
 public:
  absl::Status OnPost(const Post& post, absl::Span<const ImportedTag>, int64_t, int64_t) override {
    ++count;
    return post.id == 700 ? MakeError(Reason::kDiskFull, "full") : absl::OkStatus();
  }
  int64_t count = 0;
};

TEST_CASE("nothing follows the sink's first error, which every later call returns") {
  FailingSink sink;
  RecordRelay relay(&sink);
  absl::Status status;
  int64_t id = 0;
  while (status.ok() && id < 1'000'000) {
    ++id;
    status = relay.OnPost(PostOf(id), {}, id, 0);
  }
  CHECK(ReasonOf(status) == Reason::kDiskFull);
  CHECK(ReasonOf(relay.Drain()) == Reason::kDiskFull);
  CHECK(ReasonOf(relay.Flush()) == Reason::kDiskFull);
  CHECK(sink.count == 700);
}

TEST_CASE("an error that comes after the last record is told by Drain") {
  FailingSink sink;
  RecordRelay relay(&sink);
  REQUIRE(relay.OnPost(PostOf(700), {}, 1, 0).ok());
  CHECK(ReasonOf(relay.Drain()) == Reason::kDiskFull);
}

// Waits with its first post until it is let go.
class WaitingSink : public CollectingSink {
 public:
  absl::Status OnPost(const Post&, absl::Span<const ImportedTag>, int64_t, int64_t) override {
    MutexLock lock(mutex_);
    while (!is_let_go_) changed_.Wait(mutex_);
    ++count_;
    return absl::OkStatus();
  }
  void LetGo() {
    MutexLock lock(mutex_);
    is_let_go_ = true;
    changed_.SignalAll();
  }
  int64_t count() {
    MutexLock lock(mutex_);
    return count_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool is_let_go_ ABSL_GUARDED_BY(mutex_) = false;
  int64_t count_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST_CASE("a slow sink holds the reader back after some batches") {
  WaitingSink sink;
  RecordRelay relay(&sink);
  constexpr int64_t kCount = 10'000;
  // Four batches wait, one is with the sink, one is being filled.
  constexpr int64_t kAheadMax = 6 * 256;
  std::atomic<int64_t> given = 0;
  std::thread reader([&] {
    for (int64_t i = 1; i <= kCount; ++i) {
      if (relay.OnPost(PostOf(i), {}, i, 0).ok()) ++given;
    }
  });
  while (given < kAheadMax - 256) std::this_thread::yield();
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  CHECK(given <= kAheadMax);
  sink.LetGo();
  reader.join();
  REQUIRE(relay.Drain().ok());
  CHECK(given == kCount);
  CHECK(sink.count() == kCount);
}

TEST_CASE("a relay may end with records on their way") {
  WaitingSink sink;
  auto relay = std::make_unique<RecordRelay>(&sink);
  for (int64_t i = 1; i <= 600; ++i) REQUIRE(relay->OnPost(PostOf(i), {}, i, 0).ok());
  sink.LetGo();
  relay.reset();
  // The last batch was not full, so it had not been sent.
  CHECK(sink.count() <= 512);
}

}  // namespace
}  // namespace millrace
