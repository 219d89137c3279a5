// Goal: what is written by hand are messages of the published schema, with the body where docs/batch-format.md says,
// whole or in parts. Method: batches of made up posts, parsed with the generated classes and compared byte by byte.
#include "server/rpc/column_messages.h"

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::string BytesOf(const grpc::ByteBuffer& message) {
  std::vector<grpc::Slice> slices;
  REQUIRE(message.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

struct Fixture {
  Fixture() : snapshot(testing::WriteAndOpen(folder.path(), testing::RandomContent(3, 100, 30))) {
    rows = {5, 3, 99, 3, 0, 41, 77};
    ids.resize(rows.size());
    REQUIRE(snapshot->ReadPostIds(rows, absl::MakeSpan(ids)).ok());
    REQUIRE(writer.Lay(rows, ids).ok());
    head.set_plan_id("some plan");
    SetColumns(writer.layout(), &head);
  }
  // What the writer itself makes of the rows.
  std::string Body() {
    std::vector<uint8_t> memory(writer.layout().size_bytes() + 64);
    uint8_t* const body = memory.data() + (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
    REQUIRE(writer.Fill(body).ok());
    return {reinterpret_cast<const char*>(body), writer.layout().size_bytes()};
  }
  std::vector<std::string> Messages(size_t part_size_bytes_max) {
    EncodedBatch encoded;
    REQUIRE(EncodeColumns(head, &writer, part_size_bytes_max, &encoded).ok());
    std::vector<std::string> messages;
    size_t size_bytes = 0;
    for (const grpc::ByteBuffer& message : encoded.messages) {
      messages.push_back(BytesOf(message));
      size_bytes += messages.back().size();
    }
    CHECK(encoded.size_bytes == size_bytes);
    return messages;
  }

  testing::TempFolder folder;
  std::unique_ptr<Snapshot> snapshot;
  LocationTemplate location = LocationTemplate::Parse(LocationTemplate::kDefault).value();
  ColumnWriter writer = ColumnWriter::Create(*snapshot, location, {.fields = PostFieldSet::All()}).value();
  std::vector<int64_t> rows, ids;
  v1::Batch head;
};

void CheckBodyPlace(const std::string& message, const v1::StreamBatchesResponse& parsed) {
  // The body ends the message, and begins at a multiple of 64.
  CHECK(message.substr(message.size() - parsed.body().size()) == parsed.body());
  CHECK((message.size() - parsed.body().size()) % 64 == 0);
  CHECK(parsed.padding() == std::string(parsed.padding().size(), '\0'));
}

TEST_CASE("a batch of columns in one message is a message of either response") {
  Fixture fixture;
  const std::vector<std::string> messages = fixture.Messages(0);
  REQUIRE(messages.size() == 1);
  v1::StreamBatchesResponse streamed;
  REQUIRE(streamed.ParseFromString(messages[0]));
  CHECK(streamed.batch().SerializeAsString() == fixture.head.SerializeAsString());
  CHECK(streamed.body() == fixture.Body());
  CHECK(static_cast<size_t>(streamed.batch().body_size_bytes()) == streamed.body().size());
  CheckBodyPlace(messages[0], streamed);
  CHECK(streamed.ByteSizeLong() == messages[0].size());
  v1::GetBatchResponse got;
  REQUIRE(got.ParseFromString(messages[0]));
  CHECK(got.body() == streamed.body());
}

TEST_CASE("parts of any size follow each other without a gap, and only the first has the batch") {
  Fixture fixture;
  const std::string body = fixture.Body();
  for (const size_t part_size_bytes : {size_t{64}, size_t{128}, size_t{1024}, body.size() - body.size() % 64}) {
    std::string joined;
    const std::vector<std::string> messages = fixture.Messages(part_size_bytes);
    CHECK(messages.size() == (body.size() + part_size_bytes - 1) / part_size_bytes);
    for (size_t i = 0; i < messages.size(); ++i) {
      v1::StreamBatchesResponse part;
      REQUIRE(part.ParseFromString(messages[i]));
      CHECK(part.has_batch() == (i == 0));
      CHECK(static_cast<size_t>(part.body_offset_bytes()) == joined.size());
      CHECK(part.body().size() <= part_size_bytes);
      CheckBodyPlace(messages[i], part);
      CHECK(part.ByteSizeLong() == messages[i].size());
      joined += part.body();
    }
    CHECK(joined == body);
  }
}

TEST_CASE("every head puts the body at a multiple of 64, however long it is") {
  Fixture fixture;
  for (int i = 0; i < 130; ++i) {
    fixture.head.set_plan_id(std::string(static_cast<size_t>(i), 'p'));
    const std::vector<std::string> messages = fixture.Messages(0);
    v1::StreamBatchesResponse parsed;
    REQUIRE(parsed.ParseFromString(messages[0]));
    CheckBodyPlace(messages[0], parsed);
  }
}

TEST_CASE("the body lies at a multiple of 64 in memory, too") {
  Fixture fixture;
  EncodedBatch encoded;
  REQUIRE(EncodeColumns(fixture.head, &fixture.writer, 0, &encoded).ok());
  grpc::Slice slice;
  REQUIRE(encoded.messages[0].TrySingleSlice(&slice).ok());
  CHECK(reinterpret_cast<uintptr_t>(slice.begin()) % 64 == 0);
}

}  // namespace
}  // namespace millrace
