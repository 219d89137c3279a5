// A stream of responses that is refused before it has cost anything.
#pragma once

#include <grpcpp/grpcpp.h>

namespace millrace {

// Ends as it begins, and deletes itself. What is logged of it, Refusals logs.
template <typename Response>
class RefusedStream final : public grpc::ServerWriteReactor<Response> {
 public:
  explicit RefusedStream(const grpc::Status& status) { this->Finish(status); }
  void OnDone() override { delete this; }
};

}  // namespace millrace
