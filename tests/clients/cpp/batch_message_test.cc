// One message at a time: what is read, whatever pieces it lies in, and what is refused.
#include "clients/cpp/batch_message.h"

#include <string>

#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::client {
namespace {

absl::StatusOr<BatchMessage> Parse(const std::string& message) { return ParseBatchMessage({AsBytes(message)}); }

std::string Joined(const BatchMessage& message) {
  std::string body;
  for (const Bytes& piece : message.body) body.append(reinterpret_cast<const char*>(piece.data()), piece.size());
  return body;
}

TEST_CASE("the fields of a message are read, and the body stays where it is") {
  const std::string message = ThreePosts().Message();
  const auto parsed = Parse(message);
  REQUIRE(parsed.ok());
  CHECK(parsed->batch->step() == 7);
  CHECK(parsed->body_offset_bytes == 0);
  REQUIRE(parsed->body.size() == 1);
  CHECK(Joined(*parsed) == ThreePosts().body);
  CHECK(reinterpret_cast<const char*>(parsed->body[0].data()) ==
        message.data() + message.size() - parsed->body_size_bytes);
}

TEST_CASE("a message may lie in pieces of any size") {
  const MadeBatch batch = ThreePosts();
  const std::string message = batch.Message();
  const absl::Span<const uint8_t> bytes = AsBytes(message);
  for (const size_t size : {size_t{1}, size_t{7}, size_t{64}, size_t{1000}}) {
    CAPTURE(size);
    std::vector<Bytes> pieces = {{}};  // empty ones are nothing special
    for (size_t at = 0; at < bytes.size(); at += size) pieces.push_back(bytes.subspan(at, size));
    pieces.push_back({});
    const auto parsed = ParseBatchMessage(pieces);
    REQUIRE(parsed.ok());
    CHECK(parsed->batch->SerializeAsString() == batch.head.SerializeAsString());
    CHECK(Joined(*parsed) == batch.body);
    CHECK(parsed->body_size_bytes == batch.body.size());
  }
}

TEST_CASE("fields come in any order, and unknown ones are skipped") {
  const std::string unknown =
      "\xf8\x3f\x01"
      "\xf9\x3f"
      "12345678"
      "\xfa\x3f\x03"
      "abc"
      "\xfd\x3f"
      "1234";
  const std::string message = "\x1a\x02hi" + unknown + std::string("\x20\x80\x01\x12\x00\x0a\x02\x28\x05", 9);
  const auto parsed = Parse(message);
  REQUIRE(parsed.ok());
  CHECK(Joined(*parsed) == "hi");
  CHECK(parsed->body_offset_bytes == 128);
  CHECK(parsed->batch->step() == 5);
}

TEST_CASE("an empty message has nothing") {
  const auto parsed = ParseBatchMessage({});
  REQUIRE(parsed.ok());
  CHECK_FALSE(parsed->batch.has_value());
  CHECK(parsed->body.empty());
}

TEST_CASE("a message that is cut anywhere is refused, or is a shorter message") {
  const std::string message = ThreePosts().Message();
  int whole_count = 0;
  for (size_t size = 0; size < message.size(); ++size) {
    const auto parsed = Parse(message.substr(0, size));
    if (parsed.ok()) {
      ++whole_count;  // at the end of a field
      CHECK(parsed->body.empty());
    } else {
      CHECK(parsed.status().code() == absl::StatusCode::kDataLoss);
    }
  }
  CHECK(whole_count == 3);  // nothing, the batch, the batch and the padding
}

TEST_CASE("what is no such message is refused, and the error says why") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"\x0a", "ends within its size"},
      {std::string("\x0a\x02\x28", 3), "field 1 is larger than the message"},
      {std::string("\x0a\x02\x28\xff", 4), "field 1 is not a Batch"},
      {std::string("\x08\x01", 2), "field 1 is no message or bytes"},
      {"\x1a\x05hi", "field 3 is larger than the message"},
      {"\x1a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "field 3 is larger than the message"},
      {"\x1a\x02hi\x1a\x02hi", "field 3 is there twice"},
      {std::string("\x22\x01\x00", 3), "field 4 is no number"},
      {"\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "field 4 ends within its number"},
      {std::string("\x02\x00", 2), "field 0 does not exist"},
      {std::string("\xfb\x01\x00", 3), "wire type that does not exist"},
      {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "does not exist"},
      {"\xff", "ends within the key"},
  };
  for (const auto& [message, reason] : cases) {
    CAPTURE(reason);
    const auto parsed = Parse(message);
    REQUIRE(parsed.status().code() == absl::StatusCode::kDataLoss);
    CHECK(std::string(parsed.status().message()).find(reason) != std::string::npos);
  }
}

}  // namespace
}  // namespace millrace::client
