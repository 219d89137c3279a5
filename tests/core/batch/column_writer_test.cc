// Goal: a batch's columns say what its posts say, for every field, wherever the rows lie, and nothing else. Method:
// made up posts with any field present or absent; batches of random rows, with repeats, compared value by value.
#include "core/batch/column_writer.h"

#include <optional>
#include <random>

#include "core/base/error.h"
#include "core/vocabulary/label_index.h"
#include "core/vocabulary/vocabulary.h"
#include "tests/core/batch/columns_of.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using testing::Content;

constexpr int kPostCount = 400;

PostFieldSet Everything() {
  PostFieldSet fields = PostFieldSet::All();
  fields.Add(PostField::kTagIndexes);
  return fields;
}

struct Fixture {
  explicit Fixture(Content made) : content(std::move(made)), snapshot(testing::WriteAndOpen(folder.path(), content)) {}
  explicit Fixture(uint32_t seed = 1) : Fixture(testing::RandomContent(seed, kPostCount, 60)) {}

  ColumnWriter Writer(PostFieldSet fields = Everything()) const {
    return ColumnWriter::Create(*snapshot, location, {.fields = fields}).value();
  }
  std::vector<int64_t> RandomRows(uint32_t seed, size_t count) const {
    std::mt19937 random(seed);
    std::vector<int64_t> rows(count);
    for (int64_t& row : rows) row = static_cast<int64_t>(random() % content.posts.size());
    return rows;
  }

  const Tag& TagOf(int64_t tag_id) const {
    return *std::find_if(content.tags.begin(), content.tags.end(), [&](const Tag& tag) { return tag.id == tag_id; });
  }

  testing::TempFolder folder;
  Content content;
  std::unique_ptr<Snapshot> snapshot;
  LocationTemplate location = LocationTemplate::Parse("{md5:2}/{id}.{ext}").value();
};

template <typename T>
void CheckNumber(const ColumnsOf& columns, const std::string& name, size_t i, const std::optional<T>& expected) {
  INFO(name);
  CHECK(columns.is_present(name, i) == expected.has_value());
  CHECK(columns.values<T>(name)[i] == expected.value_or(0));
}

void CheckNumbers(const ColumnsOf& columns, size_t i, const Post& post) {
  CheckNumber(columns, "width_px", i, post.width_px);
  CheckNumber(columns, "height_px", i, post.height_px);
  CheckNumber(columns, "score", i, post.score);
  CheckNumber(columns, "up_score", i, post.up_score);
  CheckNumber(columns, "down_score", i, post.down_score);
  CheckNumber(columns, "file_size_bytes", i, post.file_size_bytes);
  CheckNumber(columns, "pixiv_id", i, post.pixiv_id);
  CheckNumber(columns, "parent_id", i, post.parent_id);
  CheckNumber(columns, "uploader_id", i, post.uploader_id);
  CheckNumber(columns, "approver_id", i, post.approver_id);
  CheckNumber(columns, "created_at", i, post.created_at_us);
  CheckNumber(columns, "updated_at", i, post.updated_at_us);
  CheckNumber(columns, "last_commented_at", i, post.last_commented_at_us);
  CheckNumber(columns, "last_noted_at", i, post.last_noted_at_us);
  CheckNumber(columns, "favorite_count", i, post.favorite_count);
  CheckNumber(columns, "duration_us", i, post.duration_us);
  CHECK(columns.values<int64_t>("id")[i] == post.id);
  CHECK(columns.values<uint8_t>("rating")[i] == static_cast<uint8_t>(post.rating));
  CHECK(columns.values<int32_t>("flags")[i] == (post.flags.value | post.flags.known << 8));
  const std::vector<uint8_t> md5s = columns.values<uint8_t>("md5");
  CHECK(columns.is_present("md5", i) == post.md5.has_value());
  const Md5 md5 = post.md5.value_or(Md5{});
  CHECK(std::equal(md5.begin(), md5.end(), md5s.begin() + static_cast<std::ptrdiff_t>(i * md5.size())));
}

void CheckTexts(const ColumnsOf& columns, size_t i, const Post& post, const LocationTemplate& location) {
  CHECK(columns.text("file_ext", i) == post.file_ext);
  CHECK(columns.text("source", i) == post.source);
  CHECK(columns.text("extra_json", i) == post.extra_json);
  CHECK(columns.text("location", i) == location.Expand(post));
}

void CheckLists(const ColumnsOf& columns, size_t i, const Post& post, const Content& content) {
  CHECK(columns.list<int64_t>("tags", i) == post.tag_ids);
  const std::vector<int32_t> tag_indexes = columns.list<int32_t>("tag_indexes", i);
  REQUIRE(tag_indexes.size() == post.tag_ids.size());
  for (size_t t = 0; t < tag_indexes.size(); ++t) {
    CHECK(content.tags[static_cast<size_t>(tag_indexes[t])].id == post.tag_ids[t]);
  }
  CHECK(columns.list<int64_t>("favorite_user_ids", i) == post.favorite_user_ids);
  const std::vector<int64_t> pool_ids = columns.list<int64_t>("pools", i);
  REQUIRE(pool_ids.size() == post.pools.size());
  const auto first = static_cast<size_t>(columns.values<int32_t>("pools.offsets")[i]);
  for (size_t p = 0; p < pool_ids.size(); ++p) {
    CHECK(pool_ids[p] == post.pools[p].id);
    CHECK(columns.text("pools.kind", first + p) == post.pools[p].kind);
  }
}

TEST_CASE("columns of rows anywhere say what the posts say") {
  for (const uint32_t seed : {1u, 2u, 3u}) {
    const Fixture fixture(seed);
    ColumnWriter writer = fixture.Writer();
    for (const size_t row_count : {1u, 8u, 61u}) {
      const std::vector<int64_t> rows = fixture.RandomRows(seed * 100 + static_cast<uint32_t>(row_count), row_count);
      const ColumnsOf columns(writer, *fixture.snapshot, rows);
      CHECK(columns.values<int64_t>("row") == rows);
      for (size_t i = 0; i < rows.size(); ++i) {
        const Post& post = fixture.content.posts[static_cast<size_t>(rows[i])];
        CheckNumbers(columns, i, post);
        CheckTexts(columns, i, post, fixture.location);
        CheckLists(columns, i, post, fixture.content);
      }
    }
  }
}

TEST_CASE("columns do not overlap, begin at multiples of 64, and what lies between them is zero") {
  const Fixture fixture;
  ColumnWriter writer = fixture.Writer();
  const ColumnsOf columns(writer, *fixture.snapshot, fixture.RandomRows(7, 37));
  size_t end = 0;
  for (const ColumnInfo& info : columns.infos()) {
    INFO(std::string(info.name));
    CHECK(info.offset_bytes % 64 == 0);
    REQUIRE(info.offset_bytes >= end);
    CHECK(
        std::all_of(columns.body() + end, columns.body() + info.offset_bytes, [](uint8_t byte) { return byte == 0; }));
    end = info.offset_bytes + info.size_bytes;
  }
  CHECK(columns.size_bytes() == end);
}

TEST_CASE("only the fields asked for are there, and id and row") {
  const Fixture fixture;
  ColumnWriter writer = fixture.Writer(PostFieldSet::Parse({"rating", "tags"}).value());
  const ColumnsOf columns(writer, *fixture.snapshot, fixture.RandomRows(8, 5));
  std::vector<std::string> names;
  for (const ColumnInfo& info : columns.infos()) names.emplace_back(info.name);
  CHECK(names == std::vector<std::string>{"id", "row", "rating", "tags.offsets", "tags.values"});
}

TEST_CASE("presence bits are left out when every post of the batch has the value") {
  Content content = testing::RandomContent(4, 3, 5);
  content.posts[0].score = 7;
  content.posts[1].score = 0;
  content.posts[2].score.reset();
  const Fixture fixture(content);
  ColumnWriter writer = fixture.Writer(PostFieldSet::Parse({"score"}).value());
  CHECK_FALSE(ColumnsOf(writer, *fixture.snapshot, {0, 1, 0}).has("score.presence"));
  const ColumnsOf columns(writer, *fixture.snapshot, {2, 1});
  CHECK(columns.values<uint8_t>("score.presence") == std::vector<uint8_t>{0b10});
}

TEST_CASE("a snapshot whose posts have nothing but ids gives columns all the same") {
  Content content;
  for (int64_t id : {5, 9}) {
    Post post;
    post.id = id;
    content.posts.push_back(post);
  }
  const Fixture fixture(content);
  ColumnWriter writer = fixture.Writer();
  const ColumnsOf columns(writer, *fixture.snapshot, {1, 0, 1});
  CHECK(columns.values<int64_t>("id") == std::vector<int64_t>{9, 5, 9});
  CHECK(columns.values<int32_t>("width_px") == std::vector<int32_t>{0, 0, 0});
  CHECK(columns.values<uint8_t>("width_px.presence") == std::vector<uint8_t>{0});
  CHECK(columns.values<int32_t>("tags.offsets") == std::vector<int32_t>{0, 0, 0, 0});
}

TEST_CASE("a batch without posts has every column, empty") {
  const Fixture fixture;
  ColumnWriter writer = fixture.Writer();
  const ColumnsOf columns(writer, *fixture.snapshot, {});
  CHECK(columns.values<int64_t>("id").empty());
  CHECK(columns.values<int32_t>("tags.offsets") == std::vector<int32_t>{0});
}

TEST_CASE("ratings as one-hot have a column for each rating but none") {
  Content content = testing::RandomContent(5, 3, 5);
  content.posts[0].rating = Rating::kGeneral;
  content.posts[1].rating = Rating::kSafe;
  content.posts[2].rating = Rating::kUnspecified;
  const Fixture fixture(content);
  auto writer = ColumnWriter::Create(*fixture.snapshot, fixture.location,
                                     {.fields = PostFieldSet::Parse({"id"}).value(), .has_rating_one_hot = true});
  REQUIRE(writer.ok());
  const ColumnsOf columns(*writer, *fixture.snapshot, {0, 1, 2});
  CHECK(columns.info("rating_one_hot").shape == absl::InlinedVector<int64_t, 2>{3, 5});
  CHECK(columns.values<uint8_t>("rating_one_hot") == std::vector<uint8_t>{1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0});
}

// Three tags, two of one name; a vocabulary of two labels, the second for both of the latter.
struct LabelFixture : Fixture {
  LabelFixture() : Fixture(LabelContent()) {
    const Vocabulary vocabulary =
        Vocabulary::Create({{.name = "sky", .category = TagCategory::kGeneral}, {.name = "rose"}}).value();
    labels = std::make_shared<const LabelIndex>(LabelIndex::Create(*snapshot, vocabulary).value());
  }
  static Content LabelContent() {
    Content content;
    content.tags = {{.id = 1, .name = "rose", .category = TagCategory::kGeneral, .post_count = 2},
                    {.id = 2, .name = "tree", .category = TagCategory::kGeneral, .post_count = 1},
                    {.id = 3, .name = "rose", .category = TagCategory::kArtist, .post_count = 1},
                    {.id = 4, .name = "sky", .category = TagCategory::kGeneral, .post_count = 1}};
    content.posts.resize(3);
    content.posts[0].id = 1;
    content.posts[0].tag_ids = {1, 2, 3, 4};
    content.posts[1].id = 2;
    content.posts[2].id = 3;
    content.posts[2].tag_ids = {1};
    return content;
  }
  ColumnsOf Columns(LabelEncoding encoding) const {
    auto writer = ColumnWriter::Create(
        *snapshot, location,
        {.fields = PostFieldSet::Parse({"id"}).value(), .labels = labels, .label_encoding = encoding});
    REQUIRE(writer.ok());
    return ColumnsOf(*writer, *snapshot, {2, 0, 1});
  }

  std::shared_ptr<const LabelIndex> labels;
};

TEST_CASE("labels as lists stand in the order of the tags, each once") {
  const ColumnsOf columns = LabelFixture().Columns(LabelEncoding::kCsr);
  CHECK(columns.values<int32_t>("labels.offsets") == std::vector<int32_t>{0, 1, 3, 3});
  CHECK(columns.values<int32_t>("labels.values") == std::vector<int32_t>{1, 1, 0});
}

TEST_CASE("labels as a matrix have a cell for each, as bits an eighth of that") {
  const ColumnsOf dense = LabelFixture().Columns(LabelEncoding::kDense);
  CHECK(dense.info("labels.dense").shape == absl::InlinedVector<int64_t, 2>{3, 2});
  CHECK(dense.values<uint8_t>("labels.dense") == std::vector<uint8_t>{0, 1, 1, 1, 0, 0});
  const ColumnsOf bits = LabelFixture().Columns(LabelEncoding::kBits);
  CHECK(bits.info("labels.bits").shape == absl::InlinedVector<int64_t, 2>{3, 1});
  CHECK(bits.values<uint8_t>("labels.bits") == std::vector<uint8_t>{0b10, 0b11, 0});
}

TEST_CASE("all encodings of labels say the same of made up posts") {
  const Fixture fixture(11);
  std::vector<VocabularyEntry> entries;
  for (const Tag& tag : fixture.content.tags) {
    // Made up tags share names and categories; a vocabulary's labels do not.
    const VocabularyEntry entry = {.name = tag.name, .category = tag.category};
    if (tag.id % 2 == 0 && std::count(entries.begin(), entries.end(), entry) == 0) entries.push_back(entry);
  }
  const Vocabulary vocabulary = Vocabulary::Create(std::move(entries)).value();
  const auto labels = std::make_shared<const LabelIndex>(LabelIndex::Create(*fixture.snapshot, vocabulary).value());
  const std::vector<int64_t> rows = fixture.RandomRows(12, 90);
  const auto columns = [&](LabelEncoding encoding) {
    ColumnWriter writer =
        ColumnWriter::Create(
            *fixture.snapshot, fixture.location,
            {.fields = PostFieldSet::Parse({"id"}).value(), .labels = labels, .label_encoding = encoding})
            .value();
    return ColumnsOf(writer, *fixture.snapshot, rows);
  };
  const ColumnsOf csr = columns(LabelEncoding::kCsr);
  const std::vector<uint8_t> dense = columns(LabelEncoding::kDense).values<uint8_t>("labels.dense");
  const std::vector<uint8_t> bits = columns(LabelEncoding::kBits).values<uint8_t>("labels.bits");
  const auto label_count = static_cast<size_t>(labels->label_count());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::vector<uint8_t> expected(label_count);
    for (const int64_t tag_id : fixture.content.posts[static_cast<size_t>(rows[i])].tag_ids) {
      const Tag& tag = fixture.TagOf(tag_id);
      for (size_t label = 0; label < label_count; ++label) {
        const VocabularyEntry& entry = vocabulary.entries()[label];
        if (entry.name == tag.name && entry.category == tag.category) expected[label] = 1;
      }
    }
    std::vector<uint8_t> from_csr(label_count);
    for (const int32_t label : csr.list<int32_t>("labels", i)) from_csr[static_cast<size_t>(label)] = 1;
    CHECK(from_csr == expected);
    for (size_t label = 0; label < label_count; ++label) {
      CHECK(dense[i * label_count + label] == expected[label]);
      CHECK((bits[i * ((label_count + 7) / 8) + label / 8] >> (label % 8) & 1) == expected[label]);
    }
  }
}

TEST_CASE("damage that a column meets is found before it is given out") {
  testing::TempFolder folder;
  const Content content = testing::RandomContent(6, kPostCount, 60);
  const auto written = testing::Write(folder.path(), content);
  REQUIRE(written.ok());
  std::string bytes = testing::ReadFile(written->path);
  // The tags' own section stands first, at byte 64.
  bytes[100] = static_cast<char>(bytes[100] ^ 1);
  testing::WriteFile(written->path, bytes);
  const auto snapshot = Snapshot::Open(written->path, written->digest);
  REQUIRE(snapshot.ok());
  const LocationTemplate location = LocationTemplate::Parse("{id}").value();
  auto writer = ColumnWriter::Create(**snapshot, location, {.fields = PostFieldSet::Parse({"tags"}).value()});
  REQUIRE(writer.ok());
  std::vector<int64_t> rows(kPostCount);
  for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int64_t>(i);
  CHECK(ReasonOf(writer->Lay(rows, rows)) == Reason::kSnapshotDamaged);
}

TEST_CASE("a row that the snapshot does not have is refused") {
  const Fixture fixture;
  ColumnWriter writer = fixture.Writer();
  const std::vector<int64_t> rows = {0, kPostCount};
  CHECK(ReasonOf(writer.Lay(rows, rows)) == Reason::kInternal);
}

}  // namespace
}  // namespace millrace
