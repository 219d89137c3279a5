#include "server/rpc/call.h"

#include <algorithm>
#include <array>
#include <random>
#include <utility>

#include "core/base/error.h"
#include "core/base/text.h"
#include "server/rpc/status.h"

namespace millrace {
namespace {

constexpr char kRequestIdKey[] = "x-request-id";
constexpr size_t kRequestIdSizeMax = 128;

// Tells calls apart in logs; it protects nothing, so a fast generator will do.
std::string MakeRequestId() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  std::array<uint8_t, 16> bytes;
  for (size_t i = 0; i < bytes.size(); i += 8) {
    const uint64_t word = generator();
    for (size_t j = 0; j < 8; ++j) bytes[i + j] = static_cast<uint8_t>(word >> (8 * j));
  }
  return HexEncode(bytes);
}

std::string RequestIdOf(const grpc::CallbackServerContext& context) {
  std::string given = ClientsRequestId(context);
  return given.empty() ? MakeRequestId() : given;
}

// Events: Start (gRPC's thread) schedules Run; Run (pool) calls Finish; OnDone logs and deletes. Nobody touches the
// object behind Finish. OnCancel needs no action: Run asks the context, and its Finish ends a cancelled call as well.
class UnaryCall final : public grpc::ServerUnaryReactor {
 public:
  UnaryCall(const ServiceDeps& deps, std::string_view method, grpc::CallbackServerContext* context,
            UnaryHandler handler)
      : context_(context), scope_(deps.call_log, method, context), handler_(std::move(handler)) {
    scope_.CountReceived();
  }

  // In the place that was reserved for it.
  void Start(CallPool* pool) {
    pool->ScheduleReserved([this] { Run(); });
  }

  void OnDone() override {
    scope_.Log();
    delete this;
  }

 private:
  void Run() {
    const absl::Status status =
        IsAbandoned(*context_) ? AbandonedError() : handler_([this] { return IsAbandoned(*context_); });
    if (status.ok()) scope_.CountSent();
    Finish(scope_.End(status));
  }

  grpc::CallbackServerContext* const context_;
  CallScope scope_;
  const UnaryHandler handler_;
};

}  // namespace

CallScope::CallScope(CallLog* log, std::string_view method, grpc::CallbackServerContext* context)
    : log_(log), start_(std::chrono::steady_clock::now()) {
  record_.method = std::string(method);
  record_.peer = context->peer();
  record_.request_id = RequestIdOf(*context);
  context->AddInitialMetadata(kRequestIdKey, record_.request_id);
}

grpc::Status CallScope::End(const absl::Status& status) {
  grpc::Status result = ToGrpcStatus(status);
  MutexLock lock(mutex_);
  record_.code = CodeName(result.error_code());
  if (!status.ok()) {
    record_.reason = std::string(ReasonName(ReasonOf(status)));
    record_.message = result.error_message();
  }
  return result;
}

void CallScope::CountReceived() {
  MutexLock lock(mutex_);
  ++record_.received_count;
}

void CallScope::CountSent() {
  MutexLock lock(mutex_);
  ++record_.sent_count;
}

void CallScope::Log() {
  MutexLock lock(mutex_);
  record_.duration = std::chrono::steady_clock::now() - start_;
  log_->Write(record_);
}

bool IsValidRequestId(std::string_view request_id) {
  return !request_id.empty() && request_id.size() <= kRequestIdSizeMax &&
         std::all_of(request_id.begin(), request_id.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

std::string ClientsRequestId(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(kRequestIdKey);
  if (found == metadata.end()) return {};
  const std::string_view value(found->second.data(), found->second.size());
  return IsValidRequestId(value) ? std::string(value) : std::string();
}

bool IsAbandoned(const grpc::CallbackServerContext& context) {
  return context.IsCancelled() || context.deadline() <= std::chrono::system_clock::now();
}

absl::Status AbandonedError() {
  return MakeError(Reason::kCancelled, "the call was cancelled or its deadline passed before it was done");
}

absl::Status ServerBusyError() {
  return MakeError(Reason::kServerBusy, "the server has too many calls waiting; try again a little later");
}

absl::Status ShuttingDownError() {
  return MakeError(Reason::kShuttingDown, "the server is stopping; connect again, here or elsewhere, and go on");
}

grpc::ServerUnaryReactor* StartUnary(const ServiceDeps& deps, CallPool* pool, std::string_view method,
                                     grpc::CallbackServerContext* context, UnaryHandler handler) {
  if (!pool->Admit()) {
    // The one that comes with the context: nothing is made for a call that is refused.
    grpc::ServerUnaryReactor* refused = context->DefaultReactor();
    refused->Finish(pool->refusals().Refuse(method, *context));
    return refused;
  }
  auto* call = new UnaryCall(deps, method, context, std::move(handler));
  call->Start(pool);
  return call;
}

}  // namespace millrace
