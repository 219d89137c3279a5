// The log line of the calls that are answered here: health and reflection.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>
#include <cstdint>
#include <string_view>

#include "server/lifecycle/call_log.h"

namespace millrace {

// A call from its start to its log line. Not thread-safe.
class LoggedCall {
 public:
  // `log` is borrowed. The context is only read here.
  LoggedCall(CallLog* log, std::string_view method, const grpc::CallbackServerContext& context);

  void CountReceived() { ++record_.received_count; }
  void CountSent() { ++record_.sent_count; }
  // Writes the line. Call once, at the end.
  void Log(const grpc::Status& status);

 private:
  CallLog* const log_;
  const std::chrono::steady_clock::time_point start_;
  CallRecord record_;
};

}  // namespace millrace
