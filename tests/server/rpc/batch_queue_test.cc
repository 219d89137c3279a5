// Goal: batches go out whole and in order, part by part, and what is held is counted until it is sent or dropped.
// Method: made-up batches of one and of several messages, written and dropped at every point.
#include "server/rpc/batch_queue.h"

#include <string>

#include "tests/support/catch.h"

namespace millrace {
namespace {

EncodedBatch MakeBatch(const std::vector<std::string>& parts) {
  EncodedBatch batch;
  for (const std::string& part : parts) {
    const grpc::Slice slice(part);
    batch.messages.emplace_back(&slice, 1);
    batch.size_bytes += part.size();
  }
  return batch;
}

std::string TextOf(const grpc::ByteBuffer& bytes) {
  std::vector<grpc::Slice> slices;
  REQUIRE(bytes.Dump(&slices).ok());
  std::string text;
  for (const grpc::Slice& slice : slices) text.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return text;
}

struct Fixture {
  StreamLimits limits{{.window_size_bytes = 1000}};
  BatchQueue queue{*limits.TryOpen()};
};

TEST_CASE("messages come in order, and a batch counts until its last one is sent") {
  Fixture fixture;
  BatchQueue& queue = fixture.queue;
  queue.set_ready_count_max(3);
  CHECK_FALSE((queue.has_ready() || queue.IsInBatch()));
  CHECK(queue.NextMessage() == nullptr);
  queue.Add(MakeBatch({"one"}));
  queue.Add(MakeBatch({"two a", "two b", "two c"}));
  queue.Add(MakeBatch({"three"}));
  CHECK(fixture.limits.held_size_bytes() == 3 + 15 + 5);

  std::string sent;
  std::vector<bool> is_in_batch;
  std::vector<size_t> held;
  while (grpc::ByteBuffer* message = queue.NextMessage()) {
    CHECK(queue.IsInBatch());
    // Asked again before it is sent, it is the same.
    CHECK(queue.NextMessage() == message);
    sent += TextOf(*message) + ";";
    queue.MessageSent();
    is_in_batch.push_back(queue.IsInBatch());
    held.push_back(fixture.limits.held_size_bytes());
  }
  CHECK(sent == "one;two a;two b;two c;three;");
  CHECK(is_in_batch == std::vector<bool>{false, true, true, false, false});
  CHECK(held == std::vector<size_t>{20, 20, 20, 5, 0});
  CHECK_FALSE((queue.has_ready() || queue.IsInBatch()));
}

TEST_CASE("there is room for what may be ready behind the batch that is sent") {
  Fixture fixture;
  BatchQueue& queue = fixture.queue;
  CHECK(queue.HasRoom());
  queue.Add(MakeBatch({"a", "b"}));
  CHECK_FALSE(queue.HasRoom());
  queue.NextMessage();
  CHECK(queue.HasRoom());
  queue.Add(MakeBatch({"c"}));
  CHECK_FALSE(queue.HasRoom());
  queue.set_ready_count_max(2);
  CHECK(queue.HasRoom());
  queue.Add(MakeBatch({"d"}));
  CHECK_FALSE(queue.HasRoom());
  queue.MessageSent();
  // "b" is still to come.
  CHECK_FALSE(queue.HasRoom());
  queue.NextMessage();
  queue.MessageSent();
  CHECK_FALSE(queue.HasRoom());
  queue.NextMessage();
  CHECK(queue.HasRoom());
}

TEST_CASE("dropping what is ready leaves the batch that has begun; dropping all leaves nothing") {
  Fixture fixture;
  BatchQueue& queue = fixture.queue;
  queue.Add(MakeBatch({"first", "second"}));
  queue.Add(MakeBatch({"third"}));
  queue.NextMessage();
  queue.MessageSent();
  queue.DropReady();
  CHECK(queue.IsInBatch());
  CHECK(fixture.limits.held_size_bytes() == 11);
  REQUIRE(queue.NextMessage() != nullptr);
  CHECK(TextOf(*queue.NextMessage()) == "second");

  SECTION("sent") {
    queue.MessageSent();
    CHECK_FALSE((queue.has_ready() || queue.IsInBatch()));
  }
  SECTION("dropped") { queue.DropAll(); }
  CHECK(queue.NextMessage() == nullptr);
  CHECK_FALSE(queue.IsInBatch());
  CHECK(fixture.limits.held_size_bytes() == 0);
  queue.DropAll();
  CHECK(queue.HasRoom());
}

}  // namespace
}  // namespace millrace
