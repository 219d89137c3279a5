// What a failed call told its client, parsed and checked.
#pragma once

#include <grpcpp/grpcpp.h>

#include <optional>
#include <string>

#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"

namespace millrace {

struct ErrorDetails {
  google::rpc::ErrorInfo info;
  std::optional<google::rpc::BadRequest> bad_request;
  std::optional<google::rpc::RetryInfo> retry_info;
};

// Fails the test unless the status is an error that carries exactly one ErrorInfo of our domain, at most one of each
// other kind and nothing else, and the same code and message twice.
ErrorDetails ErrorDetailsOf(const grpc::Status& status);

// "FIELD_INVALID"; checks as above.
std::string ReasonOf(const grpc::Status& status);
// The field of the one violation in BadRequest; empty when there is none.
std::string FieldOf(const grpc::Status& status);

}  // namespace millrace
