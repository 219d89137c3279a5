// Columns as people and programs see them.
#include "clients/cli/column_table.h"

#include <sstream>

#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

client::ColumnBatch MakeBatch(const client::MadeBatch& made) {
  client::AlignedBuffer buffer(made.body.size());
  std::copy(made.body.begin(), made.body.end(), buffer.data());
  const absl::Span<const uint8_t> body(buffer.data(), made.body.size());
  auto batch = client::ColumnBatch::Create(made.head, body, {.slice = nullptr, .buffer = std::move(buffer)}, 0);
  REQUIRE(batch.ok());
  return *std::move(batch);
}

std::string TableOf(const client::MadeBatch& made) {
  std::ostringstream out;
  PrintColumns(MakeBatch(made), {}, out);
  return out.str();
}

TEST_CASE("a column is a line with its type, its shape and its first values") {
  const std::string table = TableOf(client::ThreePosts());
  for (const char* line : {
           "column              type   shape    values\n",
           "id                  int64  [3]      11 12 1152921504606846976\n",
           "md5                 uint8  [3, 16]  0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 | 16 17 18 19 20 21 22 ...\n",
           "source.bytes        uint8  [8]      http:abc\n",
           "score.presence      uint8  [1]      101\n",
           "labels.dense        uint8  [3, 2]   1 0 | 0 0 | 1 1\n",
       }) {
    INFO(table);
    CAPTURE(line);
    CHECK(table.find(line) != std::string::npos);
  }
}

TEST_CASE("bits are shown a post or label each, without those that pad a byte") {
  client::MadeBatch made;
  made.Add<int64_t>("id", {1, 2});
  made.Add<int64_t>("row", {1, 2});
  made.Add<uint8_t>("labels.bits", {0b11, 0b100, 0, 0b1}, {2, 2});
  made.head.set_label_count(11);
  CHECK(TableOf(made).find("labels.bits  uint8  [2, 2]  11000000001 | 00000000100\n") != std::string::npos);
}

TEST_CASE("what strangers wrote cannot steer the terminal, and unknown types are said") {
  client::MadeBatch made;
  made.Add<int64_t>("id", {1});
  made.Add<int64_t>("row", {1});
  made.AddBytes("source.bytes", v1::DATA_TYPE_UINT8, "\x1b[31m", {5});
  made.AddBytes("new", static_cast<v1::DataType>(9), "12", {2});
  const std::string table = TableOf(made);
  CHECK(table.find("\\x1b[31m") != std::string::npos);
  CHECK(table.find("new           type 9  [2]    ?\n") != std::string::npos);
}

TEST_CASE("JSON nests values as the shape says, with 64-bit numbers as strings") {
  client::MadeBatch made;
  made.Add<int64_t>("id", {1, int64_t{1} << 60});
  made.Add<int64_t>("row", {0, -1});
  made.Add<int32_t>("cube", {1, 2, 3, 4, 5, 6, 7, 8}, {2, 2, 2});
  made.Add<uint8_t>("none", {}, {2, 0});
  made.AddBytes("new", static_cast<v1::DataType>(9), "12", {2});
  std::ostringstream out;
  PrintColumnsJson(MakeBatch(made), out);
  const std::string json = out.str();
  CHECK(json.rfind("{\"batch\":{\"plan_id\":\"\"", 0) == 0);
  CHECK(json.find("\"values\":{\"id\":[\"1\",\"1152921504606846976\"],\"row\":[\"0\",\"-1\"],"
                  "\"cube\":[[[1,2],[3,4]],[[5,6],[7,8]]],\"none\":[]}}\n") != std::string::npos);
}

}  // namespace
}  // namespace millrace::cli
