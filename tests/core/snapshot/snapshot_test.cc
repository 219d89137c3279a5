// Goal: a snapshot gives back exactly the posts and tags that were written, by every way of asking.
// Method: hand-made posts for the corners; made up ones compared with a model in memory for everything else.

#include "core/snapshot/snapshot.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

Content TwoPosts() {
  Content content;
  content.tags = {{5, "solo", TagCategory::kGeneral, 1}, {9, "\xE6\x9D\xB1\xE6\x96\xB9", TagCategory::kCopyright, 1}};
  Post bare;
  bare.id = 1;
  content.posts = {bare, FullPost(20, {5, 9})};
  return content;
}

TEST_CASE("a full post and a bare one come back as they were") {
  TempFolder folder;
  const Content content = TwoPosts();
  const auto snapshot = WriteAndOpen(folder.path(), content);
  REQUIRE(snapshot->post_count() == 2);
  CHECK(*ReadPost(*snapshot, 0) == content.posts[0]);
  CHECK(*ReadPost(*snapshot, 1) == content.posts[1]);
  // Filling a post that held another one leaves nothing of it behind.
  Post post = content.posts[1];
  REQUIRE(snapshot->ReadFields(0, &post).ok());
  CHECK(post == content.posts[0]);
}

TEST_CASE("present values of zero are not absent") {
  TempFolder folder;
  Content content;
  Post zeros;
  zeros.id = 0;
  zeros.md5 = Md5{};
  zeros.width_px = 0;
  zeros.score = 0;
  zeros.parent_id = 0;
  zeros.created_at_us = 0;
  zeros.flags.Set(PostFlag::kPending, false);
  Post negative;
  negative.id = INT64_MIN;
  negative.score = INT32_MIN;
  content.posts = {negative, zeros};
  const auto snapshot = WriteAndOpen(folder.path(), content);
  CHECK(*ReadPost(*snapshot, 0) == negative);
  CHECK(*ReadPost(*snapshot, 1) == zeros);
  CHECK(**snapshot->FindRow(INT64_MIN) == 0);
  CHECK(**snapshot->FindRowByMd5(Md5{}) == 1);
}

TEST_CASE("an empty snapshot answers everything") {
  TempFolder folder;
  const auto snapshot = WriteAndOpen(folder.path(), {});
  CHECK(snapshot->post_count() == 0);
  CHECK(snapshot->tag_count() == 0);
  CHECK(snapshot->tag_use_count() == 0);
  CHECK(*snapshot->GetStats() == Stats{});
  CHECK(!snapshot->FindRow(1)->has_value());
  CHECK(!snapshot->FindRowByMd5(Md5{})->has_value());
  CHECK(*snapshot->LowerBoundRow(INT64_MIN) == 0);
  CHECK(!snapshot->FindTag(1)->has_value());
  CHECK(snapshot->FindTagsByName("", 10)->empty());
  CHECK(snapshot->ListTags({})->tags.empty());
  CHECK(snapshot->Verify()->damages.empty());
  Post post;
  CHECK(ReasonOf(snapshot->ReadFields(0, &post)) == Reason::kInternal);
}

TEST_CASE("rows and tag indexes out of range are errors, not crashes") {
  TempFolder folder;
  const auto snapshot = WriteAndOpen(folder.path(), TwoPosts());
  Post post;
  for (const int64_t row : {int64_t{-1}, int64_t{2}, INT64_MAX, INT64_MIN}) {
    CHECK(ReasonOf(snapshot->ReadFields(row, &post)) == Reason::kInternal);
    CHECK(ReasonOf(snapshot->TagIndexes(row).status()) == Reason::kInternal);
    int64_t id;
    CHECK(ReasonOf(snapshot->ReadPostIds({row}, absl::Span<int64_t>(&id, 1))) == Reason::kInternal);
  }
  CHECK(ReasonOf(snapshot->TagAt(2).status()) == Reason::kInternal);
}

Stats ModelStats(const Content& content) {
  Stats stats;
  std::map<int64_t, TagCategory> categories;
  for (const Tag& tag : content.tags) {
    ++stats.category_tag_counts[static_cast<size_t>(tag.category)];
    stats.category_tag_use_counts[static_cast<size_t>(tag.category)] += tag.post_count;
  }
  for (const Post& post : content.posts) {
    ++stats.rating_post_counts[static_cast<size_t>(post.rating)];
    ++stats.file_type_post_counts[post.file_ext];
    stats.tag_use_count += static_cast<int64_t>(post.tag_ids.size());
  }
  stats.post_count = static_cast<int64_t>(content.posts.size());
  stats.tag_count = static_cast<int64_t>(content.tags.size());
  stats.min_post_id = content.posts.front().id;
  stats.max_post_id = content.posts.back().id;
  return stats;
}

TEST_CASE("made up posts come back by row, id and md5, with their counts") {
  const uint32_t seed = GENERATE(1u, 2u, 3u);
  CAPTURE(seed);
  TempFolder folder;
  const Content content = RandomContent(seed, 20'000, 3'000);  // tags fill many blocks
  const auto snapshot = WriteAndOpen(folder.path(), content);

  std::map<Md5, int64_t> first_row_by_md5;
  for (size_t row = 0; row < content.posts.size(); ++row) {
    const absl::StatusOr<Post> post = ReadPost(*snapshot, static_cast<int64_t>(row));
    REQUIRE(post.ok());
    REQUIRE(*post == content.posts[row]);
    if (post->md5.has_value()) first_row_by_md5.emplace(*post->md5, row);
  }
  for (size_t row = 0; row < content.posts.size(); row += 7) {
    const int64_t id = content.posts[row].id;
    REQUIRE(**snapshot->FindRow(id) == static_cast<int64_t>(row));
    REQUIRE(*snapshot->LowerBoundRow(id) == static_cast<int64_t>(row));
    REQUIRE(*snapshot->LowerBoundRow(id + 1) == static_cast<int64_t>(row + 1));
    const bool next_exists = row + 1 < content.posts.size() && content.posts[row + 1].id == id + 1;
    REQUIRE(snapshot->FindRow(id + 1)->has_value() == next_exists);
  }
  for (int first = 0; first < 65; ++first) {
    for (int last = 0; last < 9; ++last) {
      Md5 md5{};
      md5[0] = static_cast<uint8_t>(first);
      md5[15] = static_cast<uint8_t>(last);
      const auto expected = first_row_by_md5.find(md5);
      const auto found = *snapshot->FindRowByMd5(md5);
      REQUIRE(found.has_value() == (expected != first_row_by_md5.end()));
      if (found.has_value()) REQUIRE(*found == expected->second);
    }
  }
  CHECK(*snapshot->GetStats() == ModelStats(content));
  CHECK(snapshot->Verify()->damages.empty());
  CHECK(snapshot->Verify()->byte_count == snapshot->file_size_bytes());
}

TEST_CASE("threads that touch a snapshot for the first time together all read the same") {
  TempFolder folder;
  const Content content = RandomContent(4, 20'000, 1'000);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  std::atomic<int> wrong = 0;
  std::vector<std::thread> threads;
  for (uint32_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      std::mt19937 random(thread);
      for (int i = 0; i < 5'000; ++i) {
        const size_t row = random() % content.posts.size();
        const absl::StatusOr<Post> post = ReadPost(*snapshot, static_cast<int64_t>(row));
        if (!post.ok() || *post != content.posts[row]) ++wrong;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
}

TEST_CASE("a snapshot that is deleted while open can still be read") {
  TempFolder folder;
  const Content content = TwoPosts();
  const auto snapshot = WriteAndOpen(folder.path(), content);
  std::filesystem::remove_all(folder.path());
  CHECK(*ReadPost(*snapshot, 1) == content.posts[1]);
  CHECK(snapshot->Verify()->damages.empty());
}

TEST_CASE("verifying stops when it is cancelled") {
  TempFolder folder;
  const auto snapshot = WriteAndOpen(folder.path(), RandomContent(5, 5'000, 100));
  int calls = 0;
  const auto cancel_third = [](void* context) { return ++*static_cast<int*>(context) == 3; };
  CHECK(ReasonOf(snapshot->Verify(cancel_third, &calls).status()) == Reason::kCancelled);
  CHECK(calls == 3);
}

}  // namespace
}  // namespace millrace
