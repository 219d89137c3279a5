// Goal: Check and Watch say what holds for the server and each of its services, and a drain ends every Watch.
// Method: a real server on a free port, asked through the generated client.
#include "server/lifecycle/health.h"

#include <memory>
#include <string>
#include <thread>

#include "tests/server/lifecycle/fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using grpc::health::v1::Health;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

constexpr char kReflection[] = "grpc.reflection.v1.ServerReflection";

// One open Watch.
struct Watch {
  Watch(Health::Stub& stub, const std::string& service) {
    BoundInTime(context);
    HealthCheckRequest request;
    request.set_service(service);
    reader = stub.Watch(&context, request);
  }
  // The next message; UNKNOWN, which the server never sends, when the stream is over.
  HealthCheckResponse::ServingStatus Next() {
    HealthCheckResponse response;
    return reader->Read(&response) ? response.status() : HealthCheckResponse::UNKNOWN;
  }

  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader;
};

grpc::Status Check(Health::Stub& stub, const std::string& service, HealthCheckResponse* response) {
  grpc::ClientContext context;
  BoundInTime(context);
  HealthCheckRequest request;
  request.set_service(service);
  return stub.Check(&context, request, response);
}

TEST_CASE("Check knows the server as a whole and each service by its full name") {
  TestServer server;
  const auto stub = Health::NewStub(server.channel);
  for (const char* service : {"", "grpc.health.v1.Health", kReflection, "grpc.reflection.v1alpha.ServerReflection"}) {
    INFO(service);
    HealthCheckResponse response;
    CHECK(Check(*stub, service, &response).ok());
    CHECK(response.status() == HealthCheckResponse::SERVING);
  }
  HealthCheckResponse response;
  CHECK(Check(*stub, "no.such.Service", &response).error_code() == grpc::StatusCode::NOT_FOUND);
  CHECK(Check(*stub, "Health", &response).error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("Watch tells at once what holds") {
  TestServer server;
  const auto stub = Health::NewStub(server.channel);
  Watch all(*stub, ""), known(*stub, kReflection), unknown(*stub, "no.such.Service");
  CHECK(all.Next() == HealthCheckResponse::SERVING);
  CHECK(known.Next() == HealthCheckResponse::SERVING);
  CHECK(unknown.Next() == HealthCheckResponse::SERVICE_UNKNOWN);
}

TEST_CASE("Watch tells when a service becomes known, and tells nothing twice") {
  RecordingLog log;
  HealthService health(&log);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&health);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub =
      Health::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  Watch watch(*stub, "late.Service");
  CHECK(watch.Next() == HealthCheckResponse::SERVICE_UNKNOWN);
  health.SetServing({"other.Service"});
  health.SetServing({"late.Service"});
  health.SetServing({"late.Service"});
  CHECK(watch.Next() == HealthCheckResponse::SERVING);
  health.BeginDrain();
  CHECK(watch.Next() == HealthCheckResponse::NOT_SERVING);
  CHECK(watch.Next() == HealthCheckResponse::UNKNOWN);
  CHECK(watch.reader->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
}

TEST_CASE("After the drain began nothing serves, for old and new watchers, and it stays so") {
  RecordingLog log;
  HealthService health(&log);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
  builder.RegisterService(&health);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub =
      Health::NewStub(grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials()));
  health.SetServing({"a.Service"});
  health.BeginDrain();
  health.SetServing({"a.Service"});
  for (const char* service : {"", "a.Service"}) {
    HealthCheckResponse response;
    CHECK(Check(*stub, service, &response).ok());
    CHECK(response.status() == HealthCheckResponse::NOT_SERVING);
    Watch watch(*stub, service);
    CHECK(watch.Next() == HealthCheckResponse::NOT_SERVING);
    CHECK(watch.Next() == HealthCheckResponse::UNKNOWN);
    CHECK(watch.reader->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
  }
}

TEST_CASE("Stopping a server tells its watchers and does not wait for its timeout") {
  TestServer server;
  const auto stub = Health::NewStub(server.channel);
  Watch watch(*stub, "");
  REQUIRE(watch.Next() == HealthCheckResponse::SERVING);
  Drain drain;
  // An hour: were the watcher not ended, this test would run into its time limit.
  std::thread stopping([&] { server.listener->Stop(drain, absl::Hours(1)); });
  CHECK(watch.Next() == HealthCheckResponse::NOT_SERVING);
  CHECK(watch.Next() == HealthCheckResponse::UNKNOWN);
  CHECK(watch.reader->Finish().error_code() == grpc::StatusCode::UNAVAILABLE);
  stopping.join();
  CHECK(drain.draining());
}

TEST_CASE("A watcher that goes leaves nothing behind, and each call is logged once") {
  TestServer server;
  const auto stub = Health::NewStub(server.channel);
  for (int i = 0; i < 50; ++i) {
    Watch watch(*stub, "");
    REQUIRE(watch.Next() == HealthCheckResponse::SERVING);
    watch.context.TryCancel();
    CHECK(watch.reader->Finish().error_code() == grpc::StatusCode::CANCELLED);
  }
  HealthCheckResponse response;
  CHECK(Check(*stub, "", &response).ok());
  const std::vector<CallRecord> records = server.log.WaitFor(51);
  REQUIRE(records.size() == 51);
  int watch_count = 0;
  for (const CallRecord& record : records) {
    CHECK_THAT(record.peer, Catch::Matchers::StartsWith("ipv4:127.0.0.1:"));
    CHECK(record.received_count == 1);
    CHECK(record.sent_count == 1);
    if (record.method == "grpc.health.v1.Health/Watch") {
      ++watch_count;
      CHECK(record.code == "CANCELLED");
    } else {
      CHECK(record.method == "grpc.health.v1.Health/Check");
      CHECK(record.code == "OK");
    }
  }
  CHECK(watch_count == 50);
}

}  // namespace
}  // namespace millrace
