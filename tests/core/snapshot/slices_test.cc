// Goal: columns read as slices say what the posts say, for any run of rows, and damage in them is found before it is
// served. Method: random content against the posts it was written from; every byte of a small file flipped in turn.
#include "core/snapshot/slices.h"

#include <cstring>
#include <random>
#include <set>

#include "core/snapshot/format.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

TEST_CASE("any run of rows is what the posts are") {
  TempFolder folder;
  const Content content = RandomContent(41, 20'000, 300);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  std::mt19937 random(41);
  int wrong_count = 0;
  const auto read = [&](int64_t first_row, int64_t row_count) {
    CAPTURE(first_row, row_count);
    REQUIRE(ReadSlices(*snapshot, content, first_row, row_count, &wrong_count).ok());
    REQUIRE(wrong_count == 0);
  };
  read(0, 20'000);
  read(0, 0);
  read(20'000, 0);
  for (int i = 0; i < 50; ++i) {
    const int64_t first_row = random() % 20'000;
    read(first_row, random() % (20'001 - first_row));
  }
}

TEST_CASE("columns that no post fills are empty") {
  TempFolder folder;
  Content content;
  content.posts.resize(2);
  content.posts[1].id = 1;
  const auto snapshot = WriteAndOpen(folder.path(), content);
  int wrong_count = 0;
  REQUIRE(ReadSlices(*snapshot, content, 0, 2, &wrong_count).ok());
  CHECK(wrong_count == 0);
  CHECK(snapshot->Ratings(0, 2)->empty());
  CHECK(snapshot->Scores(0, 2)->empty());
  CHECK(!snapshot->Scores(0, 2)->has(1));
  CHECK((*snapshot->TagLists(0, 2))[1].empty());
  CHECK((*snapshot->PoolLists(0, 2))[1].empty());
  // Some field's presence, but not the score's.
  content.posts[0].width_px = 4;
  const auto other = WriteAndOpen(folder.path(), content);
  CHECK(other->Scores(0, 2)->empty());
  CHECK(other->Widths(0, 2)->has(0));
  CHECK(!other->Widths(0, 2)->has(1));
}

TEST_CASE("rows out of range are refused") {
  TempFolder folder;
  const auto snapshot = WriteAndOpen(folder.path(), RandomContent(42, 10, 3));
  const auto check = [&](int64_t first_row, int64_t row_count) {
    CHECK(ReasonOf(snapshot->PostIds(first_row, row_count).status()) == Reason::kInternal);
    CHECK(ReasonOf(snapshot->TagLists(first_row, row_count).status()) == Reason::kInternal);
  };
  check(0, 11);
  check(10, 1);
  check(11, 0);
  check(-1, 2);
  check(3, -1);
  check(5, INT64_MAX);
}

TEST_CASE("tag indexes are found by name") {
  TempFolder folder;
  const Content content = RandomContent(43, 400, 200);
  const auto snapshot = WriteAndOpen(folder.path(), content);
  for (const Tag& tag : content.tags) {
    std::vector<uint32_t> expected;
    for (size_t i = 0; i < content.tags.size(); ++i) {
      if (content.tags[i].name == tag.name) expected.push_back(static_cast<uint32_t>(i));
    }
    REQUIRE(*snapshot->FindTagIndexesByName(tag.name) == expected);
  }
  CHECK(snapshot->FindTagIndexesByName("t")->empty());
  CHECK(snapshot->FindTagIndexesByName("")->empty());
  CHECK(snapshot->FindTagIndexesByName("zzz")->empty());
}

TEST_CASE("every flipped byte of a column is detected by whoever reads the column whole") {
  TempFolder folder;
  Content content;
  content.tags = {{5, "solo", TagCategory::kGeneral, 1}, {9, "hat", TagCategory::kCopyright, 2}};
  content.posts = {FullPost(1, {5, 9}), FullPost(20, {9}), Post()};
  content.posts[2].id = 30;
  const WrittenSnapshot written = *Write(folder.path(), content);
  const std::string intact = ReadFile(written.path);
  const std::set<std::string> kRead = {"post.id",           "post.presence",      "post.rating",    "post.score",
                                       "post.width_px",     "post.height_px",     "post.parent_id", "post.tags",
                                       "post.tags.offsets", "post.pools.offsets", "post.pools",     "tag.id",
                                       "tag.category",      "tag.post_count"};
  snapshot_file::Header header;
  std::memcpy(&header, intact.data(), sizeof header);
  size_t read_section_count = 0;
  for (uint64_t i = 0; i < header.section_count; ++i) {
    snapshot_file::DirectoryEntry entry;
    std::memcpy(&entry, intact.data() + header.directory_offset + i * sizeof entry, sizeof entry);
    read_section_count += kRead.contains(entry.name);
    for (uint64_t byte = 0; byte < entry.size_bytes; ++byte) {
      std::string bytes = intact;
      bytes[entry.offset + byte] = static_cast<char>(bytes[entry.offset + byte] ^ (1 << byte % 8));
      WriteFile(written.path, bytes);
      const auto snapshot = Snapshot::Open(written.path, written.digest);
      REQUIRE(snapshot.ok());
      int wrong_count = 0;
      const absl::Status status = ReadSlices(**snapshot, content, 0, 3, &wrong_count);
      CAPTURE(entry.name, byte);
      REQUIRE(status.ok() == !kRead.contains(entry.name));
      if (!status.ok()) REQUIRE(MetadataOf(status)["section"] == entry.name);
      REQUIRE(wrong_count == 0);
    }
  }
  CHECK(read_section_count == kRead.size());
}

}  // namespace
}  // namespace millrace
