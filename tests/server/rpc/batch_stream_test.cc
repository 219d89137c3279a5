// Goal: a stream holds its window and not more, whatever its reader does; a full server refuses new streams at once and
// serves those that are open; streams that end in any way leave nothing behind. Method: readers that stop in the
// middle, and the server's own count of streams and bytes.
#include "server/rpc/batch_stream.h"

#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "core/base/error.h"
#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kPostCount = 1000;
constexpr int64_t kBatchSize = 250;
constexpr int64_t kStepCount = kPostCount / kBatchSize;

// A stream whose client reads when it is told to.
struct Reader {
  explicit Reader(const std::shared_ptr<grpc::Channel>& channel, const v1::StreamBatchesRequest& request)
      : stub(v1::LoaderService::NewStub(channel)), stream(stub->StreamBatches(context.get(), request)) {}
  // One that is not told anything is cancelled.
  ~Reader() {
    if (stream != nullptr) Cancel();
  }
  Reader(Reader&& other) = default;
  Reader& operator=(Reader&&) = delete;

  bool Read() { return stream->Read(&response); }
  grpc::Status Finish() { return std::exchange(stream, nullptr)->Finish(); }
  grpc::Status Cancel() {
    context->TryCancel();
    return Finish();
  }

  std::unique_ptr<grpc::ClientContext> context = MakeContext();
  std::unique_ptr<v1::LoaderService::Stub> stub;
  std::unique_ptr<grpc::ClientReader<v1::StreamBatchesResponse>> stream;
  v1::StreamBatchesResponse response;
};

struct Fixture {
  explicit Fixture(const StreamLimits::Options& limits = {}) : server(OptionsOf(limits)) {
    v1::CreatePlanRequest request;
    request.mutable_spec()->set_snapshot(ImportPosts(server, "d", kPostCount));
    request.mutable_spec()->set_batch_size(kBatchSize);
    v1::SplitSpec* split = request.mutable_spec()->add_splits();
    split->set_name("all");
    split->set_share(1);
    v1::CreatePlanResponse response;
    REQUIRE(Call(server.plan_stub, &v1::PlanService::Stub::CreatePlan, request, &response).ok());
    endless.set_plan_id(response.plan().id());
    endless.set_split("all");
    endless.set_end_epoch(1'000'000);

    v1::GetBatchRequest batch;
    batch.set_plan_id(response.plan().id());
    batch.set_split("all");
    for (int64_t step = 0; step < kStepCount; ++step) {
      batch.set_step(step);
      v1::GetBatchResponse whole;
      REQUIRE(Call(server.loader_stub, &v1::LoaderService::Stub::GetBatch, batch, &whole).ok());
      batch_size_bytes_max = std::max(batch_size_bytes_max, whole.ByteSizeLong());
    }
    // Other epochs shuffle the posts.
    batch_size_bytes_max += batch_size_bytes_max / 50;
  }

  static RpcServerOptions OptionsOf(const StreamLimits::Options& limits) {
    RpcServerOptions options;
    options.stream_limits = limits;
    return options;
  }

  Reader Open(const v1::StreamBatchesRequest& request) { return Reader(server.MakeChannel(), request); }
  // One that has read its first batch, and no more.
  Reader OpenFrozen(const v1::StreamBatchesRequest& request) {
    Reader reader = Open(request);
    REQUIRE(reader.Read());
    return reader;
  }

  size_t held_size_bytes() const { return server.stream_limits().held_size_bytes(); }
  // What is held once nothing moves any more: the readers have stopped, and gRPC's windows are full.
  size_t SettledSizeBytes() const {
    size_t settled = 0;
    // A sanitizer on a busy machine may leave the server without its turn for a while.
    for (int quiet_count = 0, i = 0; quiet_count < 50 && i < 3000; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      quiet_count = settled > 0 && held_size_bytes() == settled ? quiet_count + 1 : 0;
      settled = held_size_bytes();
    }
    return settled;
  }
  bool Eventually(const std::function<bool()>& holds) const {
    for (int i = 0; i < 2000 && !holds(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    return holds();
  }
  bool BecomesIdle() const {
    return Eventually([&] { return server.stream_limits().stream_count() == 0 && held_size_bytes() == 0; });
  }

  RpcServer server;
  v1::StreamBatchesRequest endless;
  size_t batch_size_bytes_max = 0;
};

TEST_CASE("a reader that stops finds as many batches made ahead as it asked for") {
  const int32_t ahead_count = GENERATE(0, 1, 5, 64);
  Fixture fixture({.window_size_bytes = size_t{1} << 40});
  fixture.endless.set_encode_ahead_count(ahead_count);
  const Reader reader = fixture.OpenFrozen(fixture.endless);
  const size_t batch_count = static_cast<size_t>(std::max(ahead_count, 1)) + 1;
  const size_t held = fixture.SettledSizeBytes();
  CHECK(held <= batch_count * fixture.batch_size_bytes_max);
  // Batches differ a little in size.
  CHECK(held > batch_count * fixture.batch_size_bytes_max * 9 / 10);
}

TEST_CASE("the window bounds what is made ahead, but for one batch") {
  const size_t window_batch_count = GENERATE(0, 1, 4);
  StreamLimits::Options limits;
  limits.window_size_bytes = window_batch_count * Fixture().batch_size_bytes_max;
  Fixture fixture(limits);
  fixture.endless.set_encode_ahead_count(64);
  const Reader reader = fixture.OpenFrozen(fixture.endless);
  const size_t held = fixture.SettledSizeBytes();
  CHECK(held <= std::max(window_batch_count, size_t{2}) * fixture.batch_size_bytes_max);
  CHECK(held > (std::max(window_batch_count, size_t{2}) - 1) * fixture.batch_size_bytes_max);
}

TEST_CASE("batches are the same however many are made ahead") {
  Fixture fixture;
  fixture.endless.set_end_epoch(20);
  std::vector<std::string> expected;
  for (const int32_t ahead_count : {0, 1, 2, 64}) {
    fixture.endless.set_encode_ahead_count(ahead_count);
    Reader reader = fixture.Open(fixture.endless);
    std::vector<std::string> batches;
    while (reader.Read()) batches.push_back(reader.response.SerializeAsString());
    CHECK(reader.Finish().ok());
    CHECK(batches.size() == 20 * kStepCount);
    if (expected.empty()) expected = batches;
    CHECK(batches == expected);
  }
  CHECK(fixture.BecomesIdle());
}

TEST_CASE("a count of batches to make ahead that is out of range is refused") {
  Fixture fixture;
  for (const int32_t ahead_count : {-1, 65}) {
    fixture.endless.set_encode_ahead_count(ahead_count);
    Reader reader = fixture.Open(fixture.endless);
    CHECK_FALSE(reader.Read());
    CHECK(FieldOf(reader.Finish()) == "encode_ahead_count");
  }
}

TEST_CASE("a stream beyond the limit is refused unread, with when to try again, and taken when another has ended") {
  Fixture fixture({.stream_count_max = 2});
  Reader one = fixture.OpenFrozen(fixture.endless);
  const Reader two = fixture.OpenFrozen(fixture.endless);
  // No plan: what the request says is not looked at.
  Reader refused = fixture.Open({});
  CHECK_FALSE(refused.Read());
  const grpc::Status status = refused.Finish();
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  CHECK(status.error_message().find("--max-streams") != std::string::npos);
  const ErrorDetails details = ErrorDetailsOf(status);
  CHECK(details.info.reason() == "SERVER_BUSY");
  CHECK(details.retry_info.has_value());
  CHECK(fixture.server.stream_limits().stream_count() == 2);
  // Those that are open go on.
  for (int i = 0; i < 50; ++i) REQUIRE(one.Read());
  one.Cancel();
  REQUIRE(fixture.Eventually([&] { return fixture.server.stream_limits().stream_count() == 1; }));
  fixture.OpenFrozen(fixture.endless);
}

TEST_CASE("above the bound on all streams' bytes every stream holds one batch and goes on, and none is added") {
  // Whatever is held is too much.
  Fixture fixture({.held_size_bytes_max = 0});
  fixture.endless.set_encode_ahead_count(64);
  Reader reader = fixture.OpenFrozen(fixture.endless);
  const size_t held = fixture.SettledSizeBytes();
  CHECK(held > 0);
  // The first was made ahead of nothing, and while it was sent the second would have been.
  CHECK(held <= fixture.batch_size_bytes_max);
  Reader refused = fixture.Open(fixture.endless);
  CHECK_FALSE(refused.Read());
  CHECK(ReasonOf(refused.Finish()) == "SERVER_BUSY");
  for (int i = 0; i < 200; ++i) REQUIRE(reader.Read());
  reader.Cancel();
  REQUIRE(fixture.BecomesIdle());
  fixture.OpenFrozen(fixture.endless);
}

TEST_CASE("streams that are cancelled at any moment leave no stream and no byte") {
  Fixture fixture;
  fixture.endless.set_encode_ahead_count(8);
  std::vector<std::thread> clients;
  for (int t = 0; t < 4; ++t) {
    clients.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) {
        Reader reader = fixture.Open(fixture.endless);
        for (int j = 0; j < (i + t) % 5; ++j) reader.Read();
        reader.Cancel();
      }
    });
  }
  for (std::thread& client : clients) client.join();
  CHECK(fixture.BecomesIdle());
}

TEST_CASE("draining makes no more batches: what waits for a thread ends when it comes to it") {
  Fixture fixture;
  // Both threads are kept: streams are admitted, and wait.
  std::promise<void> go_on;
  const std::shared_future<void> gone_on = go_on.get_future().share();
  for (int i = 0; i < 2; ++i) fixture.server.call_pool().Schedule([gone_on] { gone_on.wait(); });
  std::vector<Reader> readers;
  for (int i = 0; i < 20; ++i) readers.push_back(fixture.Open(fixture.endless));
  REQUIRE(fixture.Eventually([&] { return fixture.server.stream_limits().stream_count() == 20; }));
  fixture.server.drain().Begin();
  go_on.set_value();
  for (Reader& reader : readers) {
    CHECK_FALSE(reader.Read());
    CHECK(ReasonOf(reader.Finish()) == "SHUTTING_DOWN");
  }
  CHECK(fixture.BecomesIdle());
}

TEST_CASE("draining leaves their OK to streams that have sent everything") {
  Fixture fixture;
  fixture.endless.set_max_batch_count(2);
  Reader reader = fixture.OpenFrozen(fixture.endless);
  fixture.SettledSizeBytes();  // the second is being written
  fixture.server.drain().Begin();
  CHECK(reader.Read());
  CHECK_FALSE(reader.Read());
  CHECK(reader.Finish().ok());
}

TEST_CASE("draining ends streams that have batches ready, between batches") {
  Fixture fixture;
  fixture.endless.set_encode_ahead_count(64);
  Reader reader = fixture.OpenFrozen(fixture.endless);
  fixture.SettledSizeBytes();
  fixture.server.drain().Begin();
  int64_t step_count = 1;
  while (reader.Read()) {
    CHECK(reader.response.batch().epoch() == step_count / kStepCount);
    CHECK(reader.response.batch().step() == step_count % kStepCount);
    CHECK(reader.response.batch().posts_size() == kBatchSize);
    ++step_count;
  }
  CHECK(ReasonOf(reader.Finish()) == "SHUTTING_DOWN");
  CHECK(fixture.BecomesIdle());
}

}  // namespace
}  // namespace millrace
