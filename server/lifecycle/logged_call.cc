#include "server/lifecycle/logged_call.h"

#include "absl/status/status.h"

namespace millrace {

LoggedCall::LoggedCall(CallLog* log, std::string_view method, const grpc::CallbackServerContext& context)
    : log_(log), start_(std::chrono::steady_clock::now()) {
  record_.method = std::string(method);
  record_.peer = context.peer();
}

void LoggedCall::Log(const grpc::Status& status) {
  record_.code = absl::StatusCodeToString(static_cast<absl::StatusCode>(status.error_code()));
  record_.message = status.error_message();
  record_.duration = std::chrono::steady_clock::now() - start_;
  log_->Write(record_);
}

}  // namespace millrace
