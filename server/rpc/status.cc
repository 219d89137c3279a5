#include "server/rpc/status.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/base/error.h"
#include "core/base/text.h"
#include "google/rpc/error_details.pb.h"

namespace millrace {
namespace {

using std::chrono::milliseconds;

// The message goes out twice, once percent-encoded (three bytes for one in the worst case) and once in base64; the
// rest once. With at most kMetadataCountMax facts all of it stays under 8 KiB.
constexpr size_t kMessageSizeBytesMax = 1000;
constexpr size_t kMetadataSizeBytesMax = 200;
constexpr size_t kMetadataCountMax = 8;

// How long a client should wait before it tries again, for errors that pass by themselves.
std::optional<milliseconds> RetryDelay(Reason reason) {
  switch (reason) {
    case Reason::kServerBusy:
      return milliseconds(200);
    case Reason::kImportRunning:
      return milliseconds(2000);
    default:
      return std::nullopt;
  }
}

// Protobuf refuses strings that are not UTF-8, and a status that cannot be parsed is worth nothing to the client.
std::string CleanText(std::string_view text, size_t size_bytes_max) {
  std::string clean(text.substr(0, size_bytes_max));
  if (text.size() > size_bytes_max) {
    // Back to a character's boundary: continuation bytes are 10xxxxxx.
    size_t end = size_bytes_max;
    while (end > 0 && (static_cast<uint8_t>(text[end]) & 0xC0) == 0x80) --end;
    clean.resize(end);
    clean += "...";
  }
  if (!IsValidUtf8(clean)) {
    std::replace_if(
        clean.begin(), clean.end(), [](char c) { return (static_cast<uint8_t>(c) & 0x80) != 0; }, '?');
  }
  return clean;
}

google::rpc::ErrorInfo MakeErrorInfo(const absl::Status& status, Reason reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::string(ReasonName(reason)));
  info.set_domain(kErrorDomain);
  for (const auto& [key, value] : MetadataOf(status)) {
    if (static_cast<size_t>(info.metadata_size()) == kMetadataCountMax) break;
    (*info.mutable_metadata())[CleanText(key, kMetadataSizeBytesMax)] = CleanText(value, kMetadataSizeBytesMax);
  }
  return info;
}

grpc::StatusCode CodeOf(const absl::Status& status, Reason reason) {
  if (reason == Reason::kInternal) return grpc::StatusCode::INTERNAL;
  return static_cast<grpc::StatusCode>(status.raw_code());
}

google::rpc::Status Describe(const absl::Status& status, Reason reason, std::optional<milliseconds> retry_delay) {
  google::rpc::Status result;
  const absl::string_view raw_message = status.message();
  const std::string message = CleanText({raw_message.data(), raw_message.size()}, kMessageSizeBytesMax);
  result.set_code(CodeOf(status, reason));
  result.set_message(message);
  result.add_details()->PackFrom(MakeErrorInfo(status, reason));
  if (const std::string field = FieldOf(status); !field.empty()) {
    google::rpc::BadRequest bad_request;
    google::rpc::BadRequest::FieldViolation* violation = bad_request.add_field_violations();
    violation->set_field(CleanText(field, kMetadataSizeBytesMax));
    violation->set_description(message);
    result.add_details()->PackFrom(bad_request);
  }
  if (retry_delay.has_value()) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(retry_delay->count() / 1000);
    retry.mutable_retry_delay()->set_nanos(static_cast<int32_t>(retry_delay->count() % 1000) * 1'000'000);
    result.add_details()->PackFrom(retry);
  }
  return result;
}

grpc::Status AsSent(const google::rpc::Status& details) {
  return grpc::Status(static_cast<grpc::StatusCode>(details.code()), details.message(), details.SerializeAsString());
}

}  // namespace

google::rpc::Status ToRpcStatus(const absl::Status& status) {
  if (status.ok()) return {};
  const Reason reason = ReasonOf(status);
  return Describe(status, reason, RetryDelay(reason));
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return status.ok() ? grpc::Status::OK : AsSent(ToRpcStatus(status));
}

grpc::Status ToGrpcStatus(const absl::Status& error, milliseconds retry_delay) {
  return AsSent(Describe(error, ReasonOf(error), retry_delay));
}

const char* CodeName(grpc::StatusCode code) {
  static constexpr const char* kNames[] = {
      "OK",        "CANCELLED",      "UNKNOWN",           "INVALID_ARGUMENT",   "DEADLINE_EXCEEDED",
      "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION",
      "ABORTED",   "OUT_OF_RANGE",   "UNIMPLEMENTED",     "INTERNAL",           "UNAVAILABLE",
      "DATA_LOSS", "UNAUTHENTICATED"};
  const size_t index = static_cast<size_t>(code);
  return index < std::size(kNames) ? kNames[index] : "UNKNOWN";
}

}  // namespace millrace
