// Goal: what the encoder writes by hand parses to the message that Protobuf would have made, for any post. Method: a
// snapshot of posts with random fields and awkward tags, each read both ways.
#include "server/rpc/post_encoder.h"

#include <limits>
#include <random>

#include "core/snapshot/store.h"
#include "core/snapshot/writer.h"
#include "millrace/v1/loader_service.pb.h"
#include "server/rpc/convert.h"
#include "tests/server/rpc/temp_folder.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kPostCount = 300;

// Ids and names at the borders of what one byte of a varint holds, and every category.
std::vector<Tag> AwkwardTags() {
  std::vector<Tag> tags;
  const int64_t ids[] = {1, 127, 128, 16383, 16384, int64_t{1} << 35, std::numeric_limits<int64_t>::max()};
  const size_t name_sizes[] = {1, 5, 114, 127, 128, 300, 20'000};
  for (size_t i = 0; i < std::size(ids); ++i) {
    tags.push_back({ids[i], std::string(name_sizes[i], static_cast<char>('a' + i)), static_cast<TagCategory>(i), 0});
  }
  tags[1].name = "\xe6\xa0\x97";
  return tags;
}

Post RandomPost(int64_t id, const std::vector<Tag>& tags, std::mt19937_64& random) {
  Post post;
  post.id = id;
  const auto maybe = [&] { return random() % 2 == 0; };
  if (maybe()) post.md5 = Md5{static_cast<uint8_t>(id), 2, 3};
  if (maybe()) post.rating = static_cast<Rating>(random() % kRatingCount);
  if (maybe()) post.width_px = static_cast<int32_t>(random() % 10'000);
  if (maybe()) post.file_ext = "jpg";
  if (maybe()) post.source = std::string(random() % 300, 's');
  if (maybe()) post.score = -static_cast<int32_t>(random() % 100);
  if (maybe()) post.favorite_count = static_cast<int32_t>(random() % 100);
  if (maybe()) post.duration_us = static_cast<int64_t>(random() >> 20);
  if (maybe()) post.created_at_us = static_cast<int64_t>(random() >> 20);
  if (maybe()) post.parent_id = static_cast<int64_t>(random() >> 1);
  if (maybe()) post.flags.Set(PostFlag::kDeleted, maybe());
  if (maybe()) post.pools = {{1, "series"}, {200, ""}};
  if (maybe()) post.favorite_user_ids.assign(random() % 20, id);
  if (maybe()) post.extra_json = R"({"k":"v"})";
  for (const Tag& tag : tags) {
    if (maybe()) post.tag_ids.push_back(tag.id);
  }
  return post;
}

TEST_CASE("a post encoded by hand parses to the message that Protobuf makes") {
  const TempFolder folder;
  auto store = SnapshotStore::Open(folder.path());
  REQUIRE(store.ok());
  const std::vector<Tag> tags = AwkwardTags();
  auto writer = SnapshotWriter::Create((*store)->folder(), tags);
  REQUIRE(writer.ok());
  std::mt19937_64 random(20240229);
  for (int64_t i = 0; i < kPostCount; ++i) REQUIRE((*writer)->Add(RandomPost(1 + i * i * i, tags, random)).ok());
  const auto written = (*writer)->Finish();
  REQUIRE(written.ok());
  const auto snapshot = (*store)->Get(written->digest);
  REQUIRE(snapshot.ok());

  const LocationTemplate location = *LocationTemplate::Parse(LocationTemplate::kDefault);
  SnapshotPostReader reader(**snapshot, location);
  PostEncoder encoder(**snapshot, location);
  v1::Batch expected;
  SliceWriter post_writer;
  for (int64_t row = 0; row < kPostCount; ++row) {
    REQUIRE(reader.Read(row, expected.add_posts()).ok());
    REQUIRE(encoder.Append(v1::Batch::kPostsFieldNumber, row, &post_writer).ok());
  }
  std::vector<grpc::Slice> slices;
  post_writer.MoveTo(&slices);
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  v1::Batch parsed;
  REQUIRE(parsed.ParseFromString(bytes));
  REQUIRE(parsed.posts_size() == kPostCount);
  for (int row = 0; row < kPostCount; ++row) {
    REQUIRE(parsed.posts(row).SerializeAsString() == expected.posts(row).SerializeAsString());
  }
  CHECK(bytes.size() == expected.ByteSizeLong());
}

}  // namespace
}  // namespace millrace
