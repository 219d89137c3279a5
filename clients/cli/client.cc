#include "clients/cli/client.h"

#include "absl/strings/match.h"
#include "absl/time/clock.h"

namespace millrace::cli {
namespace {

// A batch of many posts with all their tags is far above gRPC's default of 4 MiB.
constexpr int kReceiveSizeMaxBytes = 256 << 20;
constexpr absl::Duration kShortTimeout = absl::Seconds(60);

bool IsLocal(const std::string& address) {
  return absl::StartsWith(address, "127.") || absl::StartsWith(address, "localhost") ||
         absl::StartsWith(address, "[::1]") || absl::StartsWith(address, "unix:");
}

}  // namespace

CallContext::CallContext(Interrupt& interrupt, CallKind kind, std::optional<absl::Duration> timeout)
    : interrupt_(interrupt) {
  if (!timeout.has_value() && kind == CallKind::kShort) timeout = kShortTimeout;
  if (timeout.has_value()) context_.set_deadline(absl::ToChronoTime(absl::Now() + *timeout));
  interrupt_.Add(&context_);
}

CallContext::~CallContext() { interrupt_.Remove(&context_); }

Client::Client(std::string address, std::optional<absl::Duration> timeout, Interrupt& interrupt)
    : address_(std::move(address)), timeout_(timeout), interrupt_(interrupt) {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kReceiveSizeMaxBytes);
  arguments.SetUserAgentPrefix("millrace-cli/" MILLRACE_VERSION);
  // gRPC sends even loopback calls through http_proxy, where no proxy can follow.
  if (IsLocal(address_)) arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  channel_ = grpc::CreateCustomChannel(address_, grpc::InsecureChannelCredentials(), arguments);
  catalog_ = v1::CatalogService::NewStub(channel_);
  imports_ = v1::ImportService::NewStub(channel_);
  loader_ = v1::LoaderService::NewStub(channel_);
  plans_ = v1::PlanService::NewStub(channel_);
  snapshots_ = v1::SnapshotService::NewStub(channel_);
  sources_ = v1::SourceService::NewStub(channel_);
  tags_ = v1::TagService::NewStub(channel_);
  vocabularies_ = v1::VocabularyService::NewStub(channel_);
}

}  // namespace millrace::cli
