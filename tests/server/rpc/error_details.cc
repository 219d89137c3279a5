#include "tests/server/rpc/error_details.h"

#include "tests/support/catch.h"

namespace millrace {

ErrorDetails ErrorDetailsOf(const grpc::Status& status) {
  INFO("status: " << status.error_code() << " " << status.error_message());
  REQUIRE_FALSE(status.ok());
  google::rpc::Status parsed;
  REQUIRE(parsed.ParseFromString(status.error_details()));
  CHECK(parsed.code() == static_cast<int>(status.error_code()));
  CHECK(parsed.message() == status.error_message());
  ErrorDetails details;
  int info_count = 0;
  for (const google::protobuf::Any& any : parsed.details()) {
    if (any.Is<google::rpc::ErrorInfo>()) {
      ++info_count;
      REQUIRE(any.UnpackTo(&details.info));
    } else if (any.Is<google::rpc::BadRequest>() && !details.bad_request.has_value()) {
      REQUIRE(any.UnpackTo(&details.bad_request.emplace()));
    } else if (any.Is<google::rpc::RetryInfo>() && !details.retry_info.has_value()) {
      REQUIRE(any.UnpackTo(&details.retry_info.emplace()));
    } else {
      FAIL("unexpected detail " << any.type_url());
    }
  }
  CHECK(info_count == 1);
  CHECK(details.info.domain() == "millrace");
  CHECK(details.bad_request.has_value() == (details.info.reason() == "FIELD_INVALID"));
  CHECK_FALSE(status.error_message().empty());
  return details;
}

std::string ReasonOf(const grpc::Status& status) { return ErrorDetailsOf(status).info.reason(); }

std::string FieldOf(const grpc::Status& status) {
  const ErrorDetails details = ErrorDetailsOf(status);
  if (!details.bad_request.has_value() || details.bad_request->field_violations_size() != 1) return "";
  return details.bad_request->field_violations(0).field();
}

}  // namespace millrace
