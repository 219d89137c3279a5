// What every call has in common: its request id, its log line, and the way from gRPC's threads to ours.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/base/mutex.h"
#include "server/rpc/call_pool.h"
#include "server/rpc/services.h"

namespace millrace {

// A call from its start to its log line. Takes the client's x-request-id when it is 1 to 128 printable ASCII
// characters, makes one otherwise, and echoes it as initial metadata: construct it before anything is sent.
// Thread-safe: what counts and what logs are different threads.
class CallScope {
 public:
  CallScope(CallLog* log, std::string_view method, grpc::CallbackServerContext* context);

  // What the call ends with; turns it into what gRPC sends. Call once.
  grpc::Status End(const absl::Status& status);
  // Writes the record. Call once, in OnDone.
  void Log();

  void CountReceived();
  void CountSent();

 private:
  CallLog* const log_;
  const std::chrono::steady_clock::time_point start_;
  Mutex mutex_;
  CallRecord record_ ABSL_GUARDED_BY(mutex_);
};

// Whether a client may name its call like this.
bool IsValidRequestId(std::string_view request_id);
// The client's name for its call; empty when it gave none, or none that is valid.
std::string ClientsRequestId(const grpc::CallbackServerContext& context);

// True when nobody waits for the answer any more: the call was cancelled or its deadline is over. Any thread may ask
// as long as the call is not finished.
bool IsAbandoned(const grpc::CallbackServerContext& context);

// The error of a call that was abandoned.
absl::Status AbandonedError();
// The error of work that did not find room in `ServiceDeps::call_pool` or `import_pool`.
absl::Status ServerBusyError();
// The error of calls that the end of the server cuts short.
absl::Status ShuttingDownError();

// Does the work of a unary call and fills its response. Runs on a pool's thread, so that it may wait for the disk.
// `cancelled` may be asked now and then by work that takes long.
using UnaryHandler = std::function<absl::Status(const std::function<bool()>& cancelled)>;

// Runs `handler` on `pool` and finishes the call with what it returns. A pool without room refuses it at once
// (Refusals); a call that was abandoned while it waited does no work. gRPC's thread never blocks here. `method` is a
// literal.
grpc::ServerUnaryReactor* StartUnary(const ServiceDeps& deps, CallPool* pool, std::string_view method,
                                     grpc::CallbackServerContext* context, UnaryHandler handler);

}  // namespace millrace
