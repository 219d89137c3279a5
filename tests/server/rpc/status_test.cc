// Goal: every error a client sees carries one ErrorInfo it can act on, whatever text it was made from, and fits in
// the metadata that clients take. Method: statuses made by core/base/error.h are converted and parsed back.
#include "server/rpc/status.h"

#include <string>

#include "core/base/error.h"
#include "google/rpc/error_details.pb.h"
#include "tests/server/rpc/error_details.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr size_t kClientMetadataSizeBytesMax = 8192;

TEST_CASE("a reason becomes its code and one ErrorInfo with the metadata") {
  const grpc::Status status =
      ToGrpcStatus(MakeError(Reason::kFileInvalid, "posts.jsonl: not JSON", {{"file", "posts.jsonl"}, {"line", "17"}}));
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message() == "posts.jsonl: not JSON");
  const ErrorDetails details = ErrorDetailsOf(status);
  CHECK(details.info.reason() == "FILE_INVALID");
  CHECK(details.info.domain() == "millrace");
  CHECK(details.info.metadata().at("file") == "posts.jsonl");
  CHECK(details.info.metadata().at("line") == "17");
  CHECK_FALSE(details.bad_request.has_value());
  CHECK_FALSE(details.retry_info.has_value());
}

TEST_CASE("a field error names the field in BadRequest") {
  const ErrorDetails details = ErrorDetailsOf(ToGrpcStatus(FieldError("spec.splits[1].share", "must not be negative")));
  CHECK(details.info.reason() == "FIELD_INVALID");
  REQUIRE(details.bad_request.has_value());
  REQUIRE(details.bad_request->field_violations_size() == 1);
  CHECK(details.bad_request->field_violations(0).field() == "spec.splits[1].share");
  CHECK(details.bad_request->field_violations(0).description().find("must not be negative") != std::string::npos);
}

TEST_CASE("errors that pass by themselves say when to try again") {
  for (const Reason reason : {Reason::kServerBusy, Reason::kImportRunning}) {
    const ErrorDetails details = ErrorDetailsOf(ToGrpcStatus(MakeError(reason, "later")));
    REQUIRE(details.retry_info.has_value());
    const auto& delay = details.retry_info->retry_delay();
    CHECK(delay.seconds() * 1'000'000'000 + delay.nanos() > 0);
  }
  CHECK_FALSE(ErrorDetailsOf(ToGrpcStatus(MakeError(Reason::kDiskFull, "full"))).retry_info.has_value());
}

TEST_CASE("a status that nobody gave a reason is INTERNAL, and CANCELLED stays") {
  const grpc::Status internal = ToGrpcStatus(absl::NotFoundError("from a library"));
  CHECK(internal.error_code() == grpc::StatusCode::INTERNAL);
  CHECK(ErrorDetailsOf(internal).info.reason() == "INTERNAL");
  const grpc::Status cancelled = ToGrpcStatus(absl::CancelledError("gone"));
  CHECK(cancelled.error_code() == grpc::StatusCode::CANCELLED);
  CHECK(ErrorDetailsOf(cancelled).info.reason() == "CANCELLED");
  CHECK(ToGrpcStatus(absl::OkStatus()).ok());
}

TEST_CASE("hostile text stays small and parseable") {
  ErrorMetadata metadata;
  for (int i = 0; i < 100; ++i) metadata.emplace("key" + std::to_string(i), std::string(100'000, '\xff'));
  std::string message(1'000'000, 'x');
  SECTION("bytes that are not UTF-8") { message.assign(1'000'000, '\xfe'); }
  SECTION("characters of several bytes across the cut") {
    message.clear();
    for (int i = 0; i < 10'000; ++i) message += "\xe2\x82\xac";
  }
  const grpc::Status status = ToGrpcStatus(MakeError(Reason::kFileInvalid, message, metadata));
  CHECK(ErrorDetailsOf(status).info.reason() == "FILE_INVALID");
  // As sent: the message percent-encoded, the details in base64.
  CHECK(status.error_message().size() * 3 + status.error_details().size() * 4 / 3 < kClientMetadataSizeBytesMax);
}

}  // namespace
}  // namespace millrace
