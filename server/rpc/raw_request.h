// Requests of methods that are served raw.
#pragma once

#include <grpcpp/grpcpp.h>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "millrace/v1/loader_service.grpc.pb.h"  // and with it gRPC's way with Protobuf

namespace millrace {

// kFieldInvalid when the bytes are not such a message.
template <typename Request>
absl::Status ParseRequest(grpc::ByteBuffer bytes, Request* request) {
  if (grpc::SerializationTraits<Request>::Deserialize(&bytes, request).ok()) return absl::OkStatus();
  return FieldError("request", absl::StrCat("its bytes are not a ", request->GetTypeName()));
}

}  // namespace millrace
