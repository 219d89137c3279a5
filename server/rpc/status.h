// Errors on the wire. Every failed call carries one google.rpc.Status in grpc-status-details-bin with exactly one
// ErrorInfo, and BadRequest or RetryInfo where they apply.
#pragma once

#include <grpcpp/grpcpp.h>

#include <chrono>

#include "absl/status/status.h"
#include "google/rpc/status.pb.h"

namespace millrace {

// ErrorInfo.domain of every error.
inline constexpr char kErrorDomain[] = "millrace";

// The details of an error. Texts are made valid UTF-8 and cut so that all of them fit in the 8 KiB of metadata that
// gRPC clients take by default. A status without a Reason is INTERNAL (CANCELLED stays CANCELLED), whatever its code.
google::rpc::Status ToRpcStatus(const absl::Status& status);

// The same as gRPC sends it.
grpc::Status ToGrpcStatus(const absl::Status& status);

// An error's, with another delay in its RetryInfo than its reason has.
grpc::Status ToGrpcStatus(const absl::Status& error, std::chrono::milliseconds retry_delay);

// "INVALID_ARGUMENT", as the code is spelled in gRPC's documentation.
const char* CodeName(grpc::StatusCode code);

}  // namespace millrace
