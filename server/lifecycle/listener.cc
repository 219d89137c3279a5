#include "server/lifecycle/listener.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "core/base/error.h"
#include "server/lifecycle/probe_address.h"
#include "server/lifecycle/service_list.h"

namespace millrace {
namespace {

// A trainer that lost its power or its network is noticed, and what its streams hold is freed, after the sum of these.
constexpr int kKeepaliveTimeMs = 60'000;
constexpr int kKeepaliveTimeoutMs = 20'000;
// Clients may ping as often as this, also without a call. gRPC's default of five minutes cuts off clients that
// want to notice a dead server sooner.
constexpr int kClientPingIntervalMsMin = 10'000;

void Configure(const ListenerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(kReceivedMessageSizeBytesMax);
  builder.SetMaxSendMessageSize(options.sent_message_size_bytes_max);
  // With SO_REUSEPORT two servers would share a port, and each get half of the calls.
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveTimeMs);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, kClientPingIntervalMsMin);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

std::string AddressOf(const ListenerOptions& options) {
  const bool is_v6 = options.host.find(':') != std::string::npos;
  return absl::StrCat(is_v6 ? "[" : "", options.host, is_v6 ? "]:" : ":", options.port);
}

// Once it is told to shut down, gRPC closes a connection as soon as the last stream has ended on this side. A client
// that is still reading what came before then finds the connection broken and the status lost: up to a quarter of a
// thousand busy streams. So the connections stay open for as long as such a client may take: half a second, or as long
// as the slowest took to come to its stream's end, for it has about as much again in its sockets.
void AwaitStreams(const std::function<int64_t()>& count_streams, std::chrono::system_clock::time_point deadline) {
  constexpr std::chrono::system_clock::duration kReadingTimeMin = std::chrono::milliseconds(500);
  if (count_streams() == 0) return;
  const auto now = [] { return std::chrono::system_clock::now(); };
  const auto start = now();
  while (count_streams() > 0 && now() < deadline) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  std::this_thread::sleep_until(std::min(now() + std::max(kReadingTimeMin, now() - start), deadline));
}

}  // namespace

Listener::Listener(CallLog* log)
    : health_(log),
      reflection_v1_(MakeReflectionV1(log, google::protobuf::DescriptorPool::generated_pool())),
      reflection_v1alpha_(MakeReflectionV1Alpha(log, google::protobuf::DescriptorPool::generated_pool())) {}

Listener::~Listener() {
  if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
}

absl::StatusOr<std::unique_ptr<Listener>> Listener::Start(const ListenerOptions& options,
                                                          const std::vector<std::unique_ptr<grpc::Service>>& services,
                                                          CallLog* log) {
  // gRPC tells its own log, and nobody else, why an address cannot be listened on. So it is tried first.
  MILLRACE_RETURN_IF_ERROR(ProbeAddress(options.host, options.port));

  std::unique_ptr<Listener> listener(new Listener(log));
  grpc::ServerBuilder builder;
  Configure(options, builder);
  builder.AddListeningPort(AddressOf(options), grpc::InsecureServerCredentials(), &listener->port_);
  for (const auto& service : services) builder.RegisterService(service.get());
  builder.RegisterService(&listener->health_);
  builder.RegisterService(listener->reflection_v1_->service());
  builder.RegisterService(listener->reflection_v1alpha_->service());
  TellServices(builder, [&](const std::vector<std::string>& names) {
    listener->health_.SetServing(names);
    listener->reflection_v1_->SetServices(names);
    listener->reflection_v1alpha_->SetServices(names);
  });
  listener->server_ = builder.BuildAndStart();
  if (listener->server_ == nullptr || listener->port_ == 0) {
    return MakeError(Reason::kConfigInvalid,
                     absl::StrCat("cannot listen on ", AddressOf(options), ": another program may just have taken it"));
  }
  return listener;
}

void Listener::Stop(Drain& drain, absl::Duration timeout, const std::function<int64_t()>& count_streams) {
  const auto start = std::chrono::system_clock::now();
  health_.BeginDrain();
  drain.Begin();
  reflection_v1_->BeginDrain();
  reflection_v1alpha_->BeginDrain();
  // A reader that has stopped reading would keep its stream for good, and the calls that are no streams need a while.
  AwaitStreams(count_streams, start + absl::ToChronoMicroseconds(timeout * 0.9));
  server_->Shutdown(start + absl::ToChronoMicroseconds(timeout));
}

}  // namespace millrace
