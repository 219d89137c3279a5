// Goal: only a whole import, in order, counts as complete. Method: message sequences against the checker alone.
#include "server/rpc/import_protocol.h"

#include <string>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

v1::ImportRequest Start() {
  v1::ImportRequest message;
  message.mutable_start()->set_dataset("d");
  message.mutable_start()->set_format(v1::SOURCE_FORMAT_DANBOORU_JSONL);
  message.mutable_start()->set_request_id("r");
  return message;
}

v1::ImportRequest File(const std::string& name) {
  v1::ImportRequest message;
  message.mutable_file()->set_name(name);
  return message;
}

v1::ImportRequest Chunk(size_t size_bytes) {
  v1::ImportRequest message;
  message.set_chunk(std::string(size_bytes, 'x'));
  return message;
}

v1::ImportRequest End(int64_t file_count, int64_t byte_count) {
  v1::ImportRequest message;
  message.mutable_end()->set_file_count(file_count);
  message.mutable_end()->set_byte_count(byte_count);
  return message;
}

TEST_CASE("a whole import is complete at its end and not before") {
  ImportProtocol protocol;
  for (const v1::ImportRequest& message : {Start(), File("a"), Chunk(3), Chunk(0), File("b"), Chunk(1 << 20)}) {
    CHECK(protocol.Check(message).ok());
    CHECK_FALSE(protocol.ended());
  }
  CHECK(ReasonOf(protocol.Truncated()) == Reason::kImportProtocol);
  CHECK(protocol.Check(End(2, 3 + (1 << 20))).ok());
  CHECK(protocol.ended());
}

TEST_CASE("messages out of order are refused") {
  ImportProtocol fresh;
  SECTION("before start") {
    for (const v1::ImportRequest& message : {File("a"), Chunk(1), End(0, 0)}) {
      ImportProtocol protocol;
      CHECK(ReasonOf(protocol.Check(message)) == Reason::kImportProtocol);
      CHECK_FALSE(protocol.ended());
    }
  }
  SECTION("start twice") {
    REQUIRE(fresh.Check(Start()).ok());
    CHECK(ReasonOf(fresh.Check(Start())) == Reason::kImportProtocol);
  }
  SECTION("a chunk outside a file") {
    REQUIRE(fresh.Check(Start()).ok());
    CHECK(ReasonOf(fresh.Check(Chunk(1))) == Reason::kImportProtocol);
  }
  SECTION("anything behind end") {
    for (const v1::ImportRequest& message : {Start(), File("a"), Chunk(1), End(0, 0)}) {
      ImportProtocol protocol;
      REQUIRE(protocol.Check(Start()).ok());
      REQUIRE(protocol.Check(End(0, 0)).ok());
      CHECK(ReasonOf(protocol.Check(message)) == Reason::kImportProtocol);
    }
  }
  SECTION("an empty message") { CHECK(FieldOf(fresh.Check(v1::ImportRequest())) == "message"); }
}

TEST_CASE("an end that counts otherwise is refused") {
  for (const v1::ImportRequest& end : {End(1, 2), End(1, 4), End(0, 3), End(2, 3), End(-1, -1)}) {
    ImportProtocol protocol;
    REQUIRE(protocol.Check(Start()).ok());
    REQUIRE(protocol.Check(File("a")).ok());
    REQUIRE(protocol.Check(Chunk(3)).ok());
    CHECK(ReasonOf(protocol.Check(end)) == Reason::kImportProtocol);
    CHECK_FALSE(protocol.ended());
  }
}

TEST_CASE("fields out of range are named") {
  const auto field_of = [](void (*spoil)(v1::ImportStart*)) {
    v1::ImportRequest message = Start();
    spoil(message.mutable_start());
    return FieldOf(ImportProtocol().Check(message));
  };
  CHECK(field_of([](v1::ImportStart* start) { start->set_dataset(""); }) == "start.dataset");
  CHECK(field_of([](v1::ImportStart* start) { start->set_dataset("../etc"); }) == "start.dataset");
  CHECK(field_of([](v1::ImportStart* start) { start->set_format(static_cast<v1::SourceFormat>(99)); }) ==
        "start.format");
  CHECK(field_of([](v1::ImportStart* start) { start->set_request_id(""); }) == "start.request_id");
  CHECK(field_of([](v1::ImportStart* start) { start->set_request_id(std::string(129, 'x')); }) == "start.request_id");
  CHECK(field_of([](v1::ImportStart* start) { start->set_request_id("a\nb"); }) == "start.request_id");
  CHECK(field_of([](v1::ImportStart* start) { start->set_max_rejected_count(-2); }) == "start.max_rejected_count");
  CHECK(field_of([](v1::ImportStart* start) { start->set_max_reported_count(-1); }) == "start.max_reported_count");

  // It is told from the bytes then.
  CHECK(field_of([](v1::ImportStart* start) { start->clear_format(); }).empty());

  ImportProtocol protocol;
  REQUIRE(protocol.Check(Start()).ok());
  CHECK(FieldOf(protocol.Check(File(""))) == "file.name");
  v1::ImportRequest file = File("a");
  file.mutable_file()->set_compression(static_cast<v1::Compression>(42));
  CHECK(FieldOf(protocol.Check(file)) == "file.compression");
  CHECK(FieldOf(protocol.Check(Chunk((1 << 20) + 1))) == "chunk");
}

}  // namespace
}  // namespace millrace
