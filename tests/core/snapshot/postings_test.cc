// Goal: postings say of every tag which posts have it, belong to one snapshot, and are the same whenever they are made.
// Method: random snapshots, whose posts say the same; files of others and files that were cut.
#include "core/snapshot/postings.h"

#include <algorithm>
#include <filesystem>

#include "core/base/error.h"
#include "core/snapshot/postings_builder.h"
#include "core/snapshot/store.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using snapshot_file::PostingsPath;
using testing::Content;

absl::StatusOr<std::shared_ptr<const Postings>> OpenFor(const Snapshot& snapshot, const std::string& path) {
  return Postings::Open(path, snapshot.digest(), snapshot.post_count(), snapshot.tag_count());
}

TEST_CASE("postings hold the rows of every tag") {
  const auto [post_count, tag_count] =
      GENERATE(std::pair(4000, 60), std::pair(70'000, 12), std::pair(3, 2), std::pair(1, 0));
  testing::TempFolder folder;
  const Content content = testing::RandomContent(static_cast<uint32_t>(post_count), post_count, tag_count);
  const auto snapshot = testing::WriteAndOpen(folder.path(), content);
  const auto postings = snapshot->GetPostings();
  INFO(postings.status());
  REQUIRE(postings.ok());
  bool has_list = false;
  for (size_t tag = 0; tag < content.tags.size(); ++tag) {
    std::vector<uint32_t> expected;
    for (size_t row = 0; row < content.posts.size(); ++row) {
      const std::vector<int64_t>& ids = content.posts[row].tag_ids;
      if (std::binary_search(ids.begin(), ids.end(), content.tags[tag].id))
        expected.push_back(static_cast<uint32_t>(row));
    }
    const uint32_t tag_index = static_cast<uint32_t>(tag);
    REQUIRE((*postings)->RowsOf(tag_index)->ToVector() == expected);
    const auto list = *(*postings)->ListOf(tag_index);
    CHECK(list.empty() == (expected.size() > static_cast<size_t>(Postings::kListRowsMax)));
    has_list |= !list.empty();
  }
  CHECK((has_list || post_count == 70'000 || tag_count == 0));
  std::vector<uint32_t> parents;
  std::optional<int64_t> newest;
  for (size_t row = 0; row < content.posts.size(); ++row) {
    const Post& post = content.posts[row];
    if (post.created_at_us.has_value()) newest = std::max(newest.value_or(INT64_MIN), *post.created_at_us);
    const bool is_parent = std::any_of(content.posts.begin(), content.posts.end(),
                                       [&](const Post& other) { return other.parent_id == post.id; });
    if (is_parent) parents.push_back(static_cast<uint32_t>(row));
    if (post_count == 70'000 && row == 2000) break;  // enough, and each of them is compared with all
  }
  if (post_count < 70'000) {
    CHECK((*postings)->Parents()->ToVector() == parents);
    CHECK((*postings)->newest_created_at_us() == newest);
  }
}

TEST_CASE("the same snapshot gives the same bytes, in place of whatever was there") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), testing::RandomContent(1, 500, 40));
  const std::string path = folder.path() + "/a.postings";
  REQUIRE(BuildPostings(*snapshot, path, {}).ok());
  const std::string bytes = testing::ReadFile(path);
  testing::WriteFile(path, "something else");
  REQUIRE(BuildPostings(*snapshot, path, {}).ok());
  CHECK(testing::ReadFile(path) == bytes);
  // The snapshot and these.
  CHECK(folder.entry_count() == 2);
}

TEST_CASE("postings of another snapshot, or none at all, are not taken for this one's") {
  testing::TempFolder folder;
  const auto first = testing::WriteAndOpen(folder.path(), testing::RandomContent(1, 500, 40));
  const auto second = testing::WriteAndOpen(folder.path(), testing::RandomContent(2, 500, 40));
  const std::string path = folder.path() + "/a.postings";
  CHECK(ReasonOf(OpenFor(*first, path).status()) == Reason::kSnapshotMissing);
  REQUIRE(BuildPostings(*first, path, {}).ok());
  CHECK(OpenFor(*first, path).ok());
  CHECK(ReasonOf(OpenFor(*second, path).status()) == Reason::kSnapshotDamaged);
  testing::WriteFile(path, testing::ReadFile(path).substr(0, 1000));
  CHECK(ReasonOf(OpenFor(*first, path).status()) == Reason::kSnapshotDamaged);
}

TEST_CASE("making postings can be cancelled, and leaves nothing") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), testing::RandomContent(1, 500, 40));
  const auto cancelled = [] { return true; };
  CHECK(ReasonOf(snapshot->GetPostings(cancelled).status()) == Reason::kCancelled);
  CHECK(folder.entry_count() == 1);
  CHECK(snapshot->GetPostings().ok());
  CHECK(folder.entry_count() == 2);
}

TEST_CASE("while postings are made nobody waits for them") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), testing::RandomContent(1, 500, 40));
  CHECK(snapshot->FindPostings() == nullptr);
  absl::Status meanwhile;
  const auto ask = [&] {
    meanwhile = snapshot->GetPostings().status();
    return false;
  };
  CHECK(snapshot->GetPostings(ask).ok());
  CHECK(ReasonOf(meanwhile) == Reason::kServerBusy);
  CHECK(snapshot->FindPostings() != nullptr);
}

TEST_CASE("a section whose name was damaged is not taken for one that is left out") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), testing::RandomContent(1, 4000, 60));
  const std::string path = folder.path() + "/a.postings";
  REQUIRE(BuildPostings(*snapshot, path, {}).ok());
  const std::string bytes = testing::ReadFile(path);
  for (const std::string name : {"postings.parents", "postings.newest_created_at_us", "postings.sections"}) {
    CAPTURE(name);
    const size_t place = bytes.rfind(name);
    REQUIRE(place != std::string::npos);
    std::string damaged = bytes;
    damaged[place + 9] ^= 1;
    testing::WriteFile(path, damaged);
    CHECK(ReasonOf(OpenFor(*snapshot, path).status()) == Reason::kSnapshotDamaged);
  }
}

TEST_CASE("a snapshot that is deleted takes its postings with it") {
  testing::TempFolder folder;
  const auto store = *SnapshotStore::Open(folder.path());
  const WrittenSnapshot written = *testing::Write(folder.path(), testing::RandomContent(1, 500, 40));
  REQUIRE((*store->Get(written.digest))->GetPostings().ok());
  CHECK(std::filesystem::exists(PostingsPath(written.path)));
  REQUIRE(store->Delete(written.digest).ok());
  CHECK(folder.entry_count() == 0);
}

}  // namespace
}  // namespace millrace
