// A batch as it is sent.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <vector>

namespace millrace {

// The messages in their order: one, but for a large batch of columns, whose parts they are.
struct EncodedBatch {
  std::vector<grpc::ByteBuffer> messages;
  size_t size_bytes = 0;  // of all of them
};

}  // namespace millrace
