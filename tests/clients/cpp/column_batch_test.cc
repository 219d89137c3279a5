// What a batch gives by name, and which batches are refused.
#include "clients/cpp/column_batch.h"

#include <functional>
#include <limits>
#include <string>

#include "clients/cpp/batch_assembler.h"
#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::client {
namespace {

// The bytes are copied, so that the batch lives by itself.
absl::StatusOr<ColumnBatch> MakeBatch(const MadeBatch& made) {
  AlignedBuffer buffer(made.body.size());
  std::copy(made.body.begin(), made.body.end(), buffer.data());
  const Bytes body(buffer.data(), made.body.size());
  return ColumnBatch::Create(made.head, body, {.slice = nullptr, .buffer = std::move(buffer)}, 0);
}

bool Says(const absl::Status& status, const std::string& reason) {
  return std::string(status.message()).find(reason) != std::string::npos;
}

TEST_CASE("columns are there by name, with their types") {
  const auto batch = MakeBatch(ThreePosts());
  REQUIRE(batch.ok());
  CHECK(std::vector<int64_t>(batch->rows().begin(), batch->rows().end()) == std::vector<int64_t>{5, 6, 7});
  CHECK((*batch->Values<int32_t>("width_px"))[1] == 800);
  CHECK((*batch->Values<uint8_t>("rating"))[2] == 5);
  const auto md5s = batch->Rows<uint8_t>("md5");
  REQUIRE(md5s.ok());
  CHECK(md5s->width == 16);
  CHECK((*md5s)[1][3] == 19);
  CHECK((*batch->Rows<uint8_t>("labels.dense"))[2][1] == 1);
}

TEST_CASE("presence tells zeros from nothing, and all have a value without bits") {
  const auto batch = MakeBatch(ThreePosts());
  const auto scores = batch->Presence("score");
  REQUIRE(scores.ok());
  CHECK_FALSE(scores->all());
  CHECK((*scores)[0]);
  CHECK_FALSE((*scores)[1]);
  CHECK((*scores)[2]);
  CHECK(batch->Presence("width_px")->all());
  CHECK((*batch->Presence("width_px"))[2]);
  CHECK(batch->Presence("height_px").status().code() == absl::StatusCode::kNotFound);
}

TEST_CASE("lists and texts are cut at their offsets") {
  const auto batch = MakeBatch(ThreePosts());
  const auto tags = batch->Lists<int64_t>("tags");
  REQUIRE(tags.ok());
  REQUIRE(tags->size() == 3);
  CHECK((*tags)[0] == absl::MakeConstSpan({int64_t{1}, int64_t{9}}));
  CHECK((*tags)[1].empty());
  CHECK((*tags)[2][0] == 4);
  CHECK(tags->offsets().size() == 4);
  const auto sources = batch->Texts("source");
  CHECK((*sources)[0] == "http:");
  CHECK((*sources)[1].empty());
  const auto kinds = batch->Texts("pools.kind");
  REQUIRE(kinds->size() == 2);  // one a pool, not one a post
  CHECK((*kinds)[0] == "series");
  CHECK((*kinds)[1].empty());
}

TEST_CASE("columns that were not asked for, and other types than theirs, are told apart") {
  const auto batch = MakeBatch(ThreePosts());
  CHECK(batch->Values<int64_t>("file_size_bytes").status().code() == absl::StatusCode::kNotFound);
  CHECK(batch->Lists<int64_t>("favorite_user_ids").status().code() == absl::StatusCode::kNotFound);
  CHECK(batch->Texts("location").status().code() == absl::StatusCode::kNotFound);
  CHECK(batch->Values<int64_t>("width_px").status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(batch->Lists<int32_t>("tags").status().code() == absl::StatusCode::kFailedPrecondition);
  CHECK(batch->Rows<int32_t>("width_px").status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("columns of types that are not known yet are left alone") {
  MadeBatch made = ThreePosts();
  made.AddBytes("embedding", static_cast<v1::DataType>(9), "12345678", {3, 2});
  const auto batch = MakeBatch(made);
  REQUIRE(batch.ok());
  CHECK(batch->Values<uint8_t>("embedding").status().code() == absl::StatusCode::kFailedPrecondition);
}

TEST_CASE("a batch whose columns cannot lie where it says is refused") {
  using Spoil = std::function<void(MadeBatch&)>;
  const std::vector<std::pair<std::string, Spoil>> cases = {
      {"it has no column \"id\"", [](MadeBatch& b) { b.column("id").set_name("other"); }},
      {"it has no column \"row\"", [](MadeBatch& b) { b.column("row").set_name("other"); }},
      {"it has 3 ids and 2 rows",
       [](MadeBatch& b) {
         b.column("row").set_shape(0, 2);
         b.column("row").set_size_bytes(16);
       }},
      {"\"id\" is not int64 [B]",
       [](MadeBatch& b) {
         b.column("id").set_data_type(v1::DATA_TYPE_UINT8);
         b.column("id").set_shape(0, 24);
       }},
      {"\"row\" is not int64 [B]", [](MadeBatch& b) { b.column("row").add_shape(1); }},
      {"\"id\" is there twice", [](MadeBatch& b) { b.column("score").set_name("id"); }},
      {"\"score\" has no data type", [](MadeBatch& b) { b.column("score").clear_data_type(); }},
      {"which is no multiple of 64",
       [](MadeBatch& b) { b.column("labels.dense").set_offset_bytes(b.column("labels.dense").offset_bytes() - 8); }},
      {"\"row\" begins at 0", [](MadeBatch& b) { b.column("row").set_offset_bytes(0); }},
      {"\"id\" begins at -64", [](MadeBatch& b) { b.column("id").set_offset_bytes(-64); }},
      {"\"labels.dense\" begins at",
       [](MadeBatch& b) { b.column("labels.dense").set_offset_bytes(std::numeric_limits<int64_t>::max() - 63); }},
      {"and the body ends at", [](MadeBatch& b) { b.column("labels.dense").set_size_bytes(7); }},
      {"and the body ends at",
       [](MadeBatch& b) { b.column("labels.dense").set_size_bytes(std::numeric_limits<int64_t>::max()); }},
      {"has -1 bytes", [](MadeBatch& b) { b.column("labels.dense").set_size_bytes(-1); }},
      {"and the body ends at", [](MadeBatch& b) { b.body.pop_back(); }},
      {"has a dimension of -1", [](MadeBatch& b) { b.column("labels.dense").set_shape(1, -1); }},
      {"and its shape makes 9", [](MadeBatch& b) { b.column("labels.dense").set_shape(1, 3); }},
      {"and its shape makes 0", [](MadeBatch& b) { b.column("labels.dense").set_shape(1, 0); }},
      {"has a shape too large",
       [](MadeBatch& b) {
         b.column("labels.dense").set_shape(0, int64_t{1} << 40);
         b.column("labels.dense").set_shape(1, int64_t{1} << 40);
       }},
  };
  for (const auto& [reason, spoil] : cases) {
    CAPTURE(reason);
    MadeBatch made = ThreePosts();
    spoil(made);
    const auto batch = MakeBatch(made);
    REQUIRE(batch.status().code() == absl::StatusCode::kDataLoss);
    INFO(std::string(batch.status().message()));
    CHECK(Says(batch.status(), reason));
  }
}

TEST_CASE("offsets that point astray are refused when the list is asked for") {
  const std::vector<std::pair<std::string, std::vector<int32_t>>> cases = {
      {"does not begin with 0", {1, 2, 2, 3}},
      {"descends", {0, 2, 1, 3}},
      {"descends", {0, -2, 1, 3}},
      {"ends with 2, and there are 3 values", {0, 2, 2, 2}},
      {"ends with 4, and there are 3 values", {0, 2, 2, 4}},
      {"has 3 elements for 3 lists", {0, 2, 3}},
      {"has 5 elements for 3 lists", {0, 2, 2, 2, 3}},
  };
  for (const auto& [reason, offsets] : cases) {
    CAPTURE(reason);
    MadeBatch made;
    made.Add<int64_t>("id", {1, 2, 3});
    made.Add<int64_t>("row", {1, 2, 3});
    made.Add<int32_t>("tags.offsets", offsets);
    made.Add<int64_t>("tags.values", {1, 2, 3});
    const auto batch = MakeBatch(made);
    REQUIRE(batch.ok());
    const auto tags = batch->Lists<int64_t>("tags");
    CHECK(tags.status().code() == absl::StatusCode::kDataLoss);
    CHECK(Says(tags.status(), reason));
  }
}

TEST_CASE("offsets and bits that are missing or too short are refused") {
  MadeBatch made;
  made.Add<int64_t>("id", std::vector<int64_t>(9));
  made.Add<int64_t>("row", std::vector<int64_t>(9));
  made.Add<int32_t>("score", std::vector<int32_t>(9));
  made.Add<uint8_t>("score.presence", {1});
  made.Add<int64_t>("tags.values", {1});
  made.Add<int32_t>("pools.kind.offsets", {0, 0});
  made.Add<uint8_t>("pools.kind.bytes", {});
  made.Add<int32_t>("empty.offsets", {});
  made.Add<uint8_t>("empty.bytes", {});
  const auto batch = MakeBatch(made);
  REQUIRE(batch.ok());
  CHECK(Says(batch->Presence("score").status(), "has 1 bytes for 9 posts"));
  CHECK(batch->Lists<int64_t>("tags").status().code() == absl::StatusCode::kNotFound);
  CHECK(batch->Texts("pools.kind").status().code() == absl::StatusCode::kNotFound);
  CHECK(Says(batch->Texts("empty").status(), "has 0 elements for 9 lists"));
}

TEST_CASE("names in errors cannot steer a terminal") {
  MadeBatch made = ThreePosts();
  made.column("score").set_name("\x1b[31m");
  made.column("\x1b[31m").set_size_bytes(1);
  CHECK(Says(MakeBatch(made).status(), "\\x1b[31m"));
}

}  // namespace
}  // namespace millrace::client
