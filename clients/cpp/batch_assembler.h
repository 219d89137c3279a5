// From the messages of GetBatch or StreamBatches to batches of columns.
#pragma once

#include <grpcpp/support/byte_buffer.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "clients/cpp/batch_message.h"
#include "clients/cpp/column_batch.h"

namespace millrace::client {

struct AssemblerOptions {
  // A batch with a larger body is refused: so much memory is reserved before its bytes have come.
  int64_t body_size_bytes_max = int64_t{1} << 30;
};

// Takes one stream's messages in their order. Not thread-safe. DATA_LOSS, which says what is wrong, for what is
// malformed; from then on every call gives the same error, as nobody knows where the next batch begins.
class BatchAssembler {
 public:
  explicit BatchAssembler(AssemblerOptions options = {}) : options_(options) {}

  // The batch that the message completes; nothing when more parts must come. A batch of one message that lies in one
  // slice, aligned for int64, is used where it lies: 64 bytes are the rule, but gRPC promises nothing. All others
  // are copied, once, to where every column begins at a multiple of 64.
  absl::StatusOr<std::optional<ColumnBatch>> Add(const grpc::ByteBuffer& message);

  // The same for a message that the caller keeps for as long as the batch lives.
  absl::StatusOr<std::optional<ColumnBatch>> AddBorrowed(absl::Span<const uint8_t> message);

  // Whether a batch has begun and is not complete: a stream that ends here was broken.
  bool is_within_batch() const { return begun_.has_value(); }

 private:
  struct BegunBatch {
    explicit BegunBatch(v1::Batch batch)
        : head(std::move(batch)), buffer(static_cast<size_t>(head.body_size_bytes())) {}

    v1::Batch head;
    AlignedBuffer buffer;
    size_t received_bytes = 0;
    size_t message_size_bytes = 0;
  };

  absl::StatusOr<std::optional<ColumnBatch>> AddPieces(absl::Span<const Bytes> pieces,
                                                       std::unique_ptr<grpc::Slice> slice);
  absl::StatusOr<std::optional<ColumnBatch>> AddParsed(BatchMessage message, size_t message_size_bytes,
                                                       std::unique_ptr<grpc::Slice> slice);
  absl::Status Begin(v1::Batch head);
  // Copies a part to its place.
  absl::Status Append(const BatchMessage& message, size_t message_size_bytes);

  const AssemblerOptions options_;
  std::optional<BegunBatch> begun_;
  absl::Status failed_;
};

}  // namespace millrace::client
