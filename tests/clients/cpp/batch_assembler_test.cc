// Messages become batches: in one part without copying, in many parts, and not at all when they make no sense.
#include "clients/cpp/batch_assembler.h"

#include <string>

#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::client {
namespace {

// gRPC's buffer of these bytes, in slices of this size.
grpc::ByteBuffer MakeBuffer(const std::string& message, size_t slice_size_bytes) {
  std::vector<grpc::Slice> slices;
  for (size_t at = 0; at < message.size(); at += slice_size_bytes) {
    slices.emplace_back(message.substr(at, slice_size_bytes));
  }
  return grpc::ByteBuffer(slices.data(), slices.size());
}

void CheckIsThreePosts(const ColumnBatch& batch) {
  CHECK(batch.size() == 3);
  CHECK(batch.ids()[2] == int64_t{1} << 60);
  CHECK(batch.head().token() == "token");
  CHECK((*batch.Texts("source"))[2] == "abc");
}

TEST_CASE("an aligned batch of one slice is used where it lies") {
  const std::string message = ThreePosts().Message();
  AlignedBuffer aligned(message.size());
  std::copy(message.begin(), message.end(), aligned.data());
  grpc::Slice slice(aligned.data(), message.size(), grpc::Slice::STATIC_SLICE);
  BatchAssembler assembler;
  auto batch = assembler.Add(grpc::ByteBuffer(&slice, 1));
  REQUIRE(batch.ok());
  REQUIRE(batch->has_value());
  CheckIsThreePosts(**batch);
  CHECK(reinterpret_cast<const uint8_t*>((*batch)->ids().data()) ==
        aligned.data() + message.size() - ThreePosts().body.size());
  CHECK((*batch)->message_size_bytes() == message.size());
  CHECK_FALSE(assembler.is_within_batch());
}

TEST_CASE("a batch keeps gRPC's memory for as long as it lives, wherever it is moved") {
  BatchAssembler assembler;
  std::optional<ColumnBatch> kept;
  {
    auto batch = assembler.Add(MakeBuffer(ThreePosts().Message(), 1 << 20));
    REQUIRE(batch.ok());
    kept.emplace(**std::move(batch));
  }
  CheckIsThreePosts(*kept);
}

TEST_CASE("a batch whose message lies anywhere in memory, in any slices, is copied to where it is aligned") {
  const std::string message = ThreePosts().Message();
  for (const size_t slice_size_bytes : {size_t{1}, size_t{100}, message.size() - 1}) {
    BatchAssembler assembler;
    const auto batch = assembler.Add(MakeBuffer(message, slice_size_bytes));
    REQUIRE(batch.ok());
    CheckIsThreePosts(**batch);
    CHECK(reinterpret_cast<uintptr_t>((*batch)->ids().data()) % kColumnAlignmentBytes == 0);
  }
  AlignedBuffer aligned(message.size() + 8);
  for (size_t shift = 0; shift < 8; ++shift) {
    std::copy(message.begin(), message.end(), aligned.data() + shift);
    BatchAssembler assembler;
    const auto batch = assembler.AddBorrowed({aligned.data() + shift, message.size()});
    REQUIRE(batch.ok());
    CheckIsThreePosts(**batch);
  }
}

TEST_CASE("parts of any size make the batch, and batches follow one another") {
  const MadeBatch made = ThreePosts();
  BatchAssembler assembler;
  for (const size_t part_size_bytes : {size_t{1}, size_t{64}, size_t{100}, made.body.size() - 1, made.body.size()}) {
    CAPTURE(part_size_bytes);
    const std::vector<std::string> messages = made.Messages(part_size_bytes);
    size_t size_bytes = 0;
    for (size_t i = 0; i < messages.size(); ++i) {
      size_bytes += messages[i].size();
      const auto batch = assembler.Add(MakeBuffer(messages[i], 50));
      REQUIRE(batch.ok());
      REQUIRE(batch->has_value() == (i + 1 == messages.size()));
      CHECK(assembler.is_within_batch() == !batch->has_value());
      if (!batch->has_value()) continue;
      CheckIsThreePosts(**batch);
      CHECK((*batch)->message_size_bytes() == size_bytes);
    }
  }
}

TEST_CASE("a batch without posts needs no body") {
  MadeBatch made;
  made.Add<int64_t>("id", {});
  made.Add<int64_t>("row", {});
  BatchAssembler assembler;
  const std::string message = made.Message();
  const auto batch = assembler.AddBorrowed(AsBytes(message));
  REQUIRE(batch.ok());
  REQUIRE(batch->has_value());
  CHECK((*batch)->size() == 0);
  CHECK((*batch)->Presence("id")->all());
}

struct BadStream {
  std::string reason;
  std::vector<std::string> messages;
};

std::vector<BadStream> BadStreams() {
  const MadeBatch made = ThreePosts();
  const std::vector<std::string> parts = made.Messages(made.body.size() / 2);
  const std::string_view body = made.body;
  MadeBatch negative = made, short_body = made;
  negative.head.set_body_size_bytes(-1);
  short_body.head.set_body_size_bytes(static_cast<int64_t>(made.body.size()) - 1);
  return {
      {"without its batch's first", {parts[1]}},
      {"without its batch's first", {made.Message(), parts[1]}},
      {"without its batch's first", {std::string()}},
      {"begins before the one before it is complete", {parts[0], parts[0]}},
      {"begins at 64 of the body, of which 100",
       {MakeMessage(&made.head, 0, body.substr(0, 100)), MakeMessage(nullptr, 64, body.substr(64))}},
      {"begins at 64 of the body, of which 0", {MakeMessage(&made.head, 64, body)}},
      {"brings nothing", {parts[0], MakeMessage(nullptr, static_cast<int64_t>(made.body.size() / 2), "")}},
      {"brings nothing", {MakeMessage(&made.head, 0, "")}},
      {"make a body of", {short_body.Message()}},
      {"make a body of", {parts[0], MakeMessage(nullptr, static_cast<int64_t>(made.body.size() / 2), body)}},
      {"its body has -1 bytes", {negative.Message()}},
  };
}

TEST_CASE("a stream that makes no sense is refused, and stays refused") {
  for (const BadStream& bad : BadStreams()) {
    CAPTURE(bad.reason);
    BatchAssembler assembler;
    absl::Status status;
    for (const std::string& message : bad.messages) {
      REQUIRE(status.ok());
      status = assembler.AddBorrowed(AsBytes(message)).status();
    }
    REQUIRE(status.code() == absl::StatusCode::kDataLoss);
    CHECK(std::string(status.message()).find(bad.reason) != std::string::npos);
    const std::string good = ThreePosts().Message();
    CHECK(assembler.AddBorrowed(AsBytes(good)).status() == status);
    CHECK_FALSE(assembler.is_within_batch());
  }
}

TEST_CASE("no memory is reserved for a body beyond the limit") {
  MadeBatch made = ThreePosts();
  made.head.set_body_size_bytes(int64_t{1} << 62);
  const std::string message = made.Message();
  BatchAssembler assembler;
  CHECK(assembler.AddBorrowed(AsBytes(message)).status().code() == absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace millrace::client
