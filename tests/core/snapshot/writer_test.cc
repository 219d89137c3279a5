// Goal: the same content gives the same bytes, for ever and whatever came before; wrong content is refused; nothing
// is left behind that is not a whole snapshot.
// Method: digests of fixed content are constants here; refusals are tried one by one; folders are listed afterwards.

#include "core/snapshot/writer.h"

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

Content FixedContent() {
  Content content;
  content.tags = {{5, "solo", TagCategory::kGeneral, 1},
                  {9, "\xE6\x9D\xB1\xE6\x96\xB9", TagCategory::kCopyright, 1},
                  {40, "hat", TagCategory::kUnspecified, 2}};
  Post bare;
  bare.id = 1;
  Post tagged;
  tagged.id = 7;
  tagged.tag_ids = {40};
  tagged.file_ext = "png";
  content.posts = {bare, tagged, FullPost(20, {5, 9, 40})};
  return content;
}

// These never change: a plan refers to its snapshot by digest. New fields must leave the bytes of content without
// them as they are.
TEST_CASE("fixed content has the digest that it always had") {
  TempFolder folder;
  CHECK(Write(folder.path(), {})->digest == "b5470331e40b653ee57b440e50e555737255fb54d6e90b474ba3024784cdd832");
  const absl::StatusOr<WrittenSnapshot> written = Write(folder.path(), FixedContent());
  CHECK(written->digest == "5c3a1072fd50d7aa2cb37dfa512f5057f10cd6442a4dd13961e68bb40e9aba85");
  CHECK(written->path == folder.path() + "/" + written->digest + ".snapshot");
  CHECK(written->post_count == 3);
  CHECK(written->tag_count == 3);
  CHECK(written->tag_use_count == 4);
  CHECK(written->file_size_bytes == static_cast<int64_t>(std::filesystem::file_size(written->path)));
}

TEST_CASE("the same content gives the same bytes, whatever the folder and the counts given") {
  TempFolder folder;
  TempFolder other;
  Content content = RandomContent(21, 3'000, 300);
  const absl::StatusOr<WrittenSnapshot> first = Write(folder.path(), content);
  for (Tag& tag : content.tags) tag.post_count = 123;  // counted anew
  const absl::StatusOr<WrittenSnapshot> second = Write(other.path(), content);
  CHECK(first->digest == second->digest);
  CHECK(ReadFile(first->path) == ReadFile(second->path));
  // Over the first one: it is replaced by itself.
  CHECK(Write(folder.path(), content)->digest == first->digest);
  CHECK(folder.entry_count() == 1);
}

TEST_CASE("any difference in content gives another digest") {
  TempFolder folder;
  const Content content = FixedContent();
  const std::string digest = Write(folder.path(), content)->digest;
  Content changed = content;
  SECTION("a field") { changed.posts[0].score = 0; }
  SECTION("a flag that is known") { changed.posts[0].flags.Set(PostFlag::kPending, false); }
  SECTION("a tag's name") { changed.tags[0].name = "Solo"; }
  SECTION("a tag's category") { changed.tags[0].category = TagCategory::kMeta; }
  SECTION("an id") { changed.posts[0].id = 2; }
  SECTION("the order of favorites") {
    std::swap(changed.posts[2].favorite_user_ids[0], changed.posts[2].favorite_user_ids[1]);
  }
  CHECK(Write(folder.path(), changed)->digest != digest);
}

TEST_CASE("content that breaks the rules is refused, named, and leaves nothing") {
  TempFolder folder;
  Content content = FixedContent();
  std::string expected;
  SECTION("posts that do not ascend") {
    content.posts[1].id = 1;
    expected = "post 1 ";
  }
  SECTION("a tag that is not in the table") {
    content.posts[1].tag_ids = {41};
    expected = "tag 41 of post 7 ";
  }
  SECTION("a negative tag") {
    content.posts[1].tag_ids = {-1};
    expected = "tag -1 of post 7 ";
  }
  SECTION("tags of a post that repeat") {
    content.posts[1].tag_ids = {40, 40};
    expected = "tag 40 of post 7 ";
  }
  SECTION("a tag that no post has") {
    content.tags.push_back({41, "unused", TagCategory::kMeta, 0});
    expected = "tag 41 ";
  }
  SECTION("tags of the table that do not ascend") {
    content.tags[1].id = 5;
    expected = "tag 5 ";
  }
  SECTION("a rating that does not exist") {
    content.posts[1].rating = static_cast<Rating>(200);
    expected = "post 7 ";
  }
  SECTION("a category that does not exist") {
    content.tags[1].category = static_cast<TagCategory>(200);
    expected = "tag 9 ";
  }
  const absl::Status status = Write(folder.path(), content).status();
  CHECK(ReasonOf(status) == Reason::kInternal);
  CHECK_THAT(std::string(status.message()), Catch::Contains(expected));
  CHECK(folder.entry_count() == 0);
}

TEST_CASE("an error sticks, and a writer finishes once") {
  TempFolder folder;
  auto writer = *SnapshotWriter::Create(folder.path(), {});
  Post post;
  post.id = 5;
  REQUIRE(writer->Add(post).ok());
  CHECK(!writer->Add(post).ok());
  post.id = 6;
  CHECK(!writer->Add(post).ok());
  CHECK(!writer->Finish().ok());

  writer = *SnapshotWriter::Create(folder.path(), {});
  REQUIRE(writer->Finish().ok());
  CHECK(!writer->Finish().ok());
  writer.reset();
  CHECK(folder.entry_count() == 1);
}

TEST_CASE("sparse tag ids are looked up as dense ones are") {
  TempFolder folder;
  Content content;
  content.tags = {{INT64_MIN, "a", TagCategory::kMeta, 1},
                  {0, "b", TagCategory::kMeta, 1},
                  {INT64_MAX, "c", TagCategory::kMeta, 1}};
  Post post;
  post.id = 1;
  post.tag_ids = {INT64_MIN, 0, INT64_MAX};
  content.posts = {post};
  CHECK(*ReadPost(*WriteAndOpen(folder.path(), content), 0) == post);
  content.posts[0].tag_ids = {INT64_MIN, 0, INT64_MAX - 1};
  CHECK(ReasonOf(Write(folder.path(), content).status()) == Reason::kInternal);
}

TEST_CASE("a writer that is given up removes its files") {
  TempFolder folder;
  {
    const auto writer = *SnapshotWriter::Create(folder.path(), {{1, "a", TagCategory::kMeta, 0}});
    REQUIRE(writer->Add(FullPost(1, {1})).ok());
    CHECK(folder.entry_count() == 1);
  }
  CHECK(folder.entry_count() == 0);
}

TEST_CASE("a folder that is not there is an error that names it") {
  TempFolder folder;
  const absl::Status status = SnapshotWriter::Create(folder.path() + "/none", {}).status();
  CHECK(ReasonOf(status) == Reason::kIoError);
  CHECK_THAT(std::string(status.message()), Catch::Contains(folder.path() + "/none"));
}

}  // namespace
}  // namespace millrace
