// Goal: a listener takes a free port, refuses an address it cannot have and says why, and stops in bounded time with
// calls that do not end by themselves.
// Method: real listeners on loopback; a service whose stream never ends.
#include "server/lifecycle/listener.h"

#include <memory>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "server/lifecycle/probe_address.h"
#include "tests/server/lifecycle/fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Catch::Matchers::Contains;
using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

TEST_CASE("Port 0 takes a free port, on IPv4 and by name") {
  RecordingLog log;
  for (const char* host : {"127.0.0.1", "localhost"}) {
    INFO(host);
    const auto listener = Listener::Start({.host = host}, {}, &log);
    REQUIRE(listener.ok());
    CHECK((*listener)->port() > 0);
    const auto channel = grpc::CreateChannel(std::string(host) + ":" + std::to_string((*listener)->port()),
                                             grpc::InsecureChannelCredentials());
    CHECK(channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)));
  }
}

TEST_CASE("A port that another server has is refused") {
  TestServer first;
  const auto second = Listener::Start({.port = first.listener->port()}, {}, &first.log);
  REQUIRE(!second.ok());
  CHECK(ReasonOf(second.status()) == Reason::kConfigInvalid);
  CHECK_THAT(std::string(second.status().message()),
             Contains(std::to_string(first.listener->port())) && Contains("another millrace-server"));
}

TEST_CASE("A port is free again once its server is gone") {
  int port = 0;
  {
    TestServer first;
    port = first.listener->port();
    CHECK(first.channel->WaitForConnected(std::chrono::system_clock::now() + std::chrono::seconds(20)));
  }
  CHECK(ProbeAddress("127.0.0.1", port).ok());
}

TEST_CASE("An address of another machine and a name that does not resolve are refused") {
  // 192.0.2.0/24 is reserved for documentation.
  const absl::Status foreign = ProbeAddress("192.0.2.1", 0);
  CHECK(ReasonOf(foreign) == Reason::kConfigInvalid);
  CHECK_THAT(std::string(foreign.message()), Contains("does not have that address"));
  const absl::Status unknown = ProbeAddress("no-such-host.invalid", 0);
  CHECK(ReasonOf(unknown) == Reason::kConfigInvalid);
  CHECK_THAT(std::string(unknown.message()), Contains("no-such-host.invalid"));
}

// A service of another name would do as well: this one is generated already. Its Watch never ends by itself.
class EndlessService final : public grpc::Service {
 public:
  EndlessService() {
    AddMethod(new grpc::internal::RpcServiceMethod("/test.Endless/Watch", grpc::internal::RpcMethod::SERVER_STREAMING,
                                                   nullptr));
    MarkMethodCallback(0, new grpc::internal::CallbackServerStreamingHandler<HealthCheckRequest, HealthCheckResponse>(
                              [](grpc::CallbackServerContext*, const HealthCheckRequest*) { return new Stream(); }));
  }

 private:
  class Stream final : public grpc::ServerWriteReactor<HealthCheckResponse> {
   public:
    Stream() { StartSendInitialMetadata(); }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }
  };
};

TEST_CASE("A stop cancels what does not end within the timeout") {
  RecordingLog log;
  std::vector<std::unique_ptr<grpc::Service>> services;
  services.push_back(std::make_unique<EndlessService>());
  auto listener = Listener::Start({}, services, &log);
  REQUIRE(listener.ok());
  const auto channel =
      grpc::CreateChannel("127.0.0.1:" + std::to_string((*listener)->port()), grpc::InsecureChannelCredentials());
  grpc::ClientContext context;
  BoundInTime(context);
  const grpc::internal::RpcMethod method("/test.Endless/Watch", grpc::internal::RpcMethod::SERVER_STREAMING, channel);
  const std::unique_ptr<grpc::ClientReader<HealthCheckResponse>> reader(
      grpc::internal::ClientReaderFactory<HealthCheckResponse>::Create(channel.get(), method, &context,
                                                                       HealthCheckRequest()));
  reader->WaitForInitialMetadata();
  Drain drain;
  (*listener)->Stop(drain, absl::Milliseconds(50));
  HealthCheckResponse response;
  CHECK(!reader->Read(&response));
  CHECK(!reader->Finish().ok());
}

TEST_CASE("A stop waits for streams, then as long again for their readers, and never beyond its timeout") {
  using std::chrono::milliseconds;
  const auto stop_time = [](absl::Duration timeout, milliseconds streams_take) {
    TestServer server;
    Drain drain;
    const auto start = std::chrono::steady_clock::now();
    const auto passed = [&] { return std::chrono::steady_clock::now() - start; };
    server.listener->Stop(drain, timeout, [&] { return drain.draining() && passed() >= streams_take ? 0 : 1; });
    return passed();
  };
  const auto quick = stop_time(absl::Seconds(30), milliseconds(50));
  CHECK(quick >= milliseconds(550));
  CHECK(quick < milliseconds(10'000));
  CHECK(stop_time(absl::Seconds(30), milliseconds(700)) >= milliseconds(1'400));
  const auto for_ever = stop_time(absl::Seconds(1), std::chrono::hours(1));
  CHECK(for_ever >= milliseconds(900));
  CHECK(for_ever < milliseconds(10'000));
}

}  // namespace
}  // namespace millrace
