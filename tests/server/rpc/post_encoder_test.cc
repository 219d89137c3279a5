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
  for (std::optional<int64_t>* number : {&post.file_size_bytes, &post.pixiv_id, &post.uploader_id, &post.approver_id,
                                         &post.updated_at_us, &post.last_commented_at_us, &post.last_noted_at_us}) {
    if (maybe()) *number = static_cast<int64_t>(random() >> 20);
  }
  for (std::optional<int32_t>* number : {&post.height_px, &post.up_score, &post.down_score}) {
    if (maybe()) *number = static_cast<int32_t>(random() % 1000);
  }
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

// A snapshot of random posts.
struct RandomSnapshot {
  RandomSnapshot() {
    const std::vector<Tag> tags = AwkwardTags();
    auto writer = SnapshotWriter::Create(store->folder(), tags);
    REQUIRE(writer.ok());
    std::mt19937_64 random(20240229);
    for (int64_t i = 0; i < kPostCount; ++i) REQUIRE((*writer)->Add(RandomPost(1 + i * i * i, tags, random)).ok());
    const auto written = (*writer)->Finish();
    REQUIRE(written.ok());
    snapshot = *store->Get(written->digest);
  }

  TempFolder folder;
  std::unique_ptr<SnapshotStore> store = *SnapshotStore::Open(folder.path());
  std::shared_ptr<const Snapshot> snapshot;
};

// All posts as the encoder writes them.
std::string Encoded(PostEncoder* encoder) {
  SliceWriter writer;
  for (int64_t row = 0; row < kPostCount; ++row) {
    encoder->PrefetchFields(row);
    encoder->PrefetchLists(row);
    REQUIRE(encoder->Append(v1::Batch::kPostsFieldNumber, row, &writer).ok());
  }
  std::vector<grpc::Slice> slices;
  writer.MoveTo(&slices);
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

TEST_CASE("a post encoded by hand parses to the message that Protobuf makes") {
  const RandomSnapshot random;
  const LocationTemplate location = *LocationTemplate::Parse(LocationTemplate::kDefault);
  SnapshotPostReader reader(*random.snapshot, location);
  PostEncoder encoder(*random.snapshot, location);
  v1::Batch expected;
  for (int64_t row = 0; row < kPostCount; ++row) REQUIRE(reader.Read(row, expected.add_posts()).ok());
  const std::string bytes = Encoded(&encoder);
  v1::Batch parsed;
  REQUIRE(parsed.ParseFromString(bytes));
  REQUIRE(parsed.posts_size() == kPostCount);
  for (int row = 0; row < kPostCount; ++row) {
    REQUIRE(parsed.posts(row).SerializeAsString() == expected.posts(row).SerializeAsString());
  }
  CHECK(bytes.size() == expected.ByteSizeLong());
}

TEST_CASE("a post with some fields is the whole post without the others") {
  const RandomSnapshot random;
  const LocationTemplate location = *LocationTemplate::Parse("{md5}/{id}.{ext}");
  SnapshotPostReader reader(*random.snapshot, location);
  std::vector<v1::Post> whole(kPostCount);
  for (int64_t row = 0; row < kPostCount; ++row) REQUIRE(reader.Read(row, &whole[static_cast<size_t>(row)]).ok());

  std::mt19937_64 chance(5);
  for (int round = 0; round < 2 * kPostFieldCount; ++round) {
    // Each field by itself, and then sets by chance.
    PostFieldSet fields;
    for (int i = 0; i < kPostFieldCount; ++i) {
      const bool is_in = round < kPostFieldCount ? i == round : chance() % 3 == 0;
      if (is_in) fields.Add(static_cast<PostField>(i));
    }
    PostEncoder encoder(*random.snapshot, location, fields);
    v1::Batch parsed;
    REQUIRE(parsed.ParseFromString(Encoded(&encoder)));
    REQUIRE(parsed.posts_size() == kPostCount);
    for (int row = 0; row < kPostCount; ++row) {
      v1::Post expected = whole[static_cast<size_t>(row)];
      for (int i = 0; i < kPostFieldCount; ++i) {
        const auto field = static_cast<PostField>(i);
        const auto* known = v1::Post::descriptor()->FindFieldByName(std::string(PostFieldName(field)));
        if (known != nullptr && !fields.Has(field)) expected.GetReflection()->ClearField(&expected, known);
      }
      CAPTURE(round, row);
      REQUIRE(parsed.posts(row).SerializeAsString() == expected.SerializeAsString());
    }
  }
}

}  // namespace
}  // namespace millrace
