// Goal: what every call has in common: its request id comes back and is logged, overload is refused at once and says
// when to try again, and an abandoned call does no work. Method: CatalogService over loopback.
#include "server/rpc/call.h"

#include <chrono>
#include <future>
#include <set>
#include <thread>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// Keeps the only thread of a pool busy until it goes.
class PoolBlocker {
 public:
  explicit PoolBlocker(ThreadPool& pool) {
    std::promise<void> started;
    REQUIRE(pool.TrySchedule([&started, released = released_.get_future().share()] {
      started.set_value();
      released.wait();
    }));
    started.get_future().wait();
  }
  ~PoolBlocker() { released_.set_value(); }

 private:
  std::promise<void> released_;
};

std::string EchoedRequestId(RpcServer& server, const std::string* sent) {
  auto context = MakeContext();
  if (sent != nullptr) context->AddMetadata("x-request-id", *sent);
  v1::ListDatasetsResponse response;
  REQUIRE(server.catalog_stub->ListDatasets(context.get(), {}, &response).ok());
  const auto& metadata = context->GetServerInitialMetadata();
  REQUIRE(metadata.count("x-request-id") == 1);
  const grpc::string_ref value = metadata.find("x-request-id")->second;
  return std::string(value.data(), value.size());
}

TEST_CASE("a request id is echoed when it is well-formed and made when it is not") {
  RpcServer server;
  const std::string sent = "trainer-7/epoch 3";
  CHECK(EchoedRequestId(server, &sent) == sent);
  const std::string too_long(129, 'x');
  const std::string made = EchoedRequestId(server, &too_long);
  CHECK(made.size() == 32);
  CHECK(EchoedRequestId(server, nullptr) != made);

  std::multiset<std::string> logged;  // a record may be written behind that of the next call
  for (const CallRecord& record : server.call_log().WaitFor(3)) logged.insert(record.request_id);
  CHECK(logged.size() == 3);
  CHECK(logged.count(sent) == 1);
  CHECK(logged.count(made) == 1);
}

TEST_CASE("request ids are 1 to 128 printable ASCII characters") {
  CHECK(IsValidRequestId("a"));
  CHECK(IsValidRequestId(std::string(128, '~')));
  CHECK_FALSE(IsValidRequestId(""));
  CHECK_FALSE(IsValidRequestId(std::string(129, 'a')));
  CHECK_FALSE(IsValidRequestId("a\tb"));
  CHECK_FALSE(IsValidRequestId("\xc3\xa4"));
}

TEST_CASE("each call leaves one record with its code and reason") {
  RpcServer server;
  v1::GetStatsRequest request;
  request.set_dataset("nothing-here");
  v1::GetStatsResponse response;
  const grpc::Status status = Call(server.catalog_stub, &v1::CatalogService::Stub::GetStats, request, &response);
  CHECK(ReasonOf(status) == "DATASET_NOT_FOUND");
  const std::vector<CallRecord> records = server.call_log().WaitFor(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].method == "millrace.v1.CatalogService/GetStats");
  CHECK(records[0].code == "NOT_FOUND");
  CHECK(records[0].reason == "DATASET_NOT_FOUND");
  CHECK(records[0].message == status.error_message());
  CHECK(records[0].received_count == 1);
  CHECK(records[0].sent_count == 0);
  CHECK(records[0].peer.rfind("ipv4:127.0.0.1:", 0) == 0);
  CHECK(records[0].duration.count() > 0);
}

TEST_CASE("a call without room is refused at once and told when to try again") {
  RpcServerOptions options;
  options.call_thread_count = 1;
  options.call_queue_size_max = 1;
  RpcServer server(options);
  const PoolBlocker blocker(server.call_pool());
  REQUIRE(server.call_pool().TrySchedule([] {}));  // the one place in the queue

  v1::ListDatasetsResponse response;
  const grpc::Status status =
      Call(server.catalog_stub, &v1::CatalogService::Stub::ListDatasets, v1::ListDatasetsRequest(), &response);
  CHECK(status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED);
  const ErrorDetails details = ErrorDetailsOf(status);
  CHECK(details.info.reason() == "SERVER_BUSY");
  CHECK(details.retry_info.has_value());
  const std::vector<CallRecord> records = server.call_log().WaitFor(1);
  REQUIRE(records.size() == 1);
  CHECK(records[0].method == "millrace.v1.CatalogService/ListDatasets");
  CHECK(records[0].reason == "SERVER_BUSY");
  CHECK(records[0].call_count == 1);
  CHECK(records[0].peer.rfind("ipv4:127.0.0.1:", 0) == 0);

  auto context = MakeContext();
  const auto stream = server.loader_stub->StreamBatches(context.get(), {});
  v1::StreamBatchesResponse batch;
  CHECK_FALSE(stream->Read(&batch));
  CHECK(ReasonOf(stream->Finish()) == "SERVER_BUSY");
}

TEST_CASE("a call that was abandoned while it waited does no work") {
  RpcServerOptions options;
  options.call_thread_count = 1;
  RpcServer server(options);
  // The server hears of the client's leaving some time later, and nothing shows when: give it longer each time.
  std::string code;
  size_t call_count = 0;
  for (auto patience = std::chrono::milliseconds(50); code != "CANCELLED"; patience *= 2) {
    REQUIRE(patience < std::chrono::seconds(10));
    {
      const PoolBlocker blocker(server.call_pool());
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(1));
      v1::ListDatasetsResponse response;
      const grpc::Status status = server.catalog_stub->ListDatasets(&context, {}, &response);
      CHECK(status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED);
      std::this_thread::sleep_for(patience);
    }
    const std::vector<CallRecord> records = server.call_log().WaitFor(++call_count);
    REQUIRE(records.size() == call_count);
    code = records.back().code;
    CHECK(records.back().sent_count == (code == "OK" ? 1 : 0));
  }
}

}  // namespace
}  // namespace millrace
