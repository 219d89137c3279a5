#include "clients/cpp/batch_assembler.h"

#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"

namespace millrace::client {
namespace {

// A body that may be used where it lies: whole, and aligned for every type of element.
bool IsUsableInPlace(const BatchMessage& message) {
  if (message.body.size() != 1) return false;
  if (static_cast<size_t>(message.batch->body_size_bytes()) != message.body_size_bytes) return false;
  return reinterpret_cast<uintptr_t>(message.body.front().data()) % alignof(int64_t) == 0;
}

}  // namespace

absl::StatusOr<std::optional<ColumnBatch>> BatchAssembler::Add(const grpc::ByteBuffer& message) {
  auto single = std::make_unique<grpc::Slice>();
  if (message.TrySingleSlice(single.get()).ok()) {
    const Bytes piece(single->begin(), single->size());
    return AddPieces({piece}, std::move(single));
  }
  std::vector<grpc::Slice> slices;
  if (const grpc::Status status = message.Dump(&slices); !status.ok()) {
    return absl::InternalError(absl::StrCat("gRPC cannot read its buffer: ", status.error_message()));
  }
  std::vector<Bytes> pieces;
  pieces.reserve(slices.size());
  for (const grpc::Slice& slice : slices) pieces.emplace_back(slice.begin(), slice.size());
  return AddPieces(pieces, nullptr);
}

absl::StatusOr<std::optional<ColumnBatch>> BatchAssembler::AddBorrowed(absl::Span<const uint8_t> message) {
  return AddPieces({message}, nullptr);
}

absl::StatusOr<std::optional<ColumnBatch>> BatchAssembler::AddPieces(absl::Span<const Bytes> pieces,
                                                                     std::unique_ptr<grpc::Slice> slice) {
  if (!failed_.ok()) return failed_;
  size_t size_bytes = 0;
  for (const Bytes& piece : pieces) size_bytes += piece.size();
  absl::StatusOr<BatchMessage> message = ParseBatchMessage(pieces);
  absl::StatusOr<std::optional<ColumnBatch>> batch =
      message.ok() ? AddParsed(*std::move(message), size_bytes, std::move(slice)) : message.status();
  if (!batch.ok()) {
    failed_ = batch.status();
    begun_.reset();
  }
  return batch;
}

absl::StatusOr<std::optional<ColumnBatch>> BatchAssembler::AddParsed(BatchMessage message, size_t message_size_bytes,
                                                                     std::unique_ptr<grpc::Slice> slice) {
  if (message.batch.has_value()) {
    if (begun_.has_value()) {
      return absl::DataLossError("malformed stream: a batch begins before the one before it is complete");
    }
    if (message.body_offset_bytes == 0 && IsUsableInPlace(message)) {
      absl::StatusOr<ColumnBatch> batch =
          ColumnBatch::Create(*std::move(message.batch), message.body.front(),
                              {.slice = std::move(slice), .buffer = {}}, message_size_bytes);
      if (!batch.ok()) return batch.status();
      return std::optional(*std::move(batch));
    }
    if (absl::Status status = Begin(*std::move(message.batch)); !status.ok()) return status;
  }
  if (!begun_.has_value()) return absl::DataLossError("malformed stream: a part comes without its batch's first");
  if (absl::Status status = Append(message, message_size_bytes); !status.ok()) return status;
  const auto body_size_bytes = static_cast<size_t>(begun_->head.body_size_bytes());
  if (begun_->received_bytes < body_size_bytes) return std::optional<ColumnBatch>();
  BegunBatch whole = std::move(*begun_);
  begun_.reset();
  const Bytes body(whole.buffer.data(), body_size_bytes);
  absl::StatusOr<ColumnBatch> batch = ColumnBatch::Create(
      std::move(whole.head), body, {.slice = nullptr, .buffer = std::move(whole.buffer)}, whole.message_size_bytes);
  if (!batch.ok()) return batch.status();
  return std::optional(*std::move(batch));
}

absl::Status BatchAssembler::Begin(v1::Batch head) {
  const int64_t size_bytes = head.body_size_bytes();
  if (size_bytes < 0) return absl::DataLossError(absl::StrCat("malformed batch: its body has ", size_bytes, " bytes"));
  if (size_bytes > options_.body_size_bytes_max) {
    return absl::ResourceExhaustedError(absl::StrCat("the body of a batch has ", size_bytes,
                                                     " bytes; the reader's limit is ", options_.body_size_bytes_max));
  }
  begun_.emplace(std::move(head));
  return absl::OkStatus();
}

absl::Status BatchAssembler::Append(const BatchMessage& message, size_t message_size_bytes) {
  const auto body_size_bytes = static_cast<size_t>(begun_->head.body_size_bytes());
  if (message.body_offset_bytes != static_cast<int64_t>(begun_->received_bytes)) {
    return absl::DataLossError(absl::StrCat("malformed stream: a part begins at ", message.body_offset_bytes,
                                            " of the body, of which ", begun_->received_bytes, " bytes have come"));
  }
  if (message.body_size_bytes > body_size_bytes - begun_->received_bytes) {
    return absl::DataLossError(absl::StrCat("malformed stream: parts of ",
                                            begun_->received_bytes + message.body_size_bytes, " bytes make a body of ",
                                            body_size_bytes));
  }
  if (message.body_size_bytes == 0 && body_size_bytes > 0) {
    return absl::DataLossError("malformed stream: a part brings nothing of the body");
  }
  for (const Bytes& piece : message.body) {
    std::memcpy(begun_->buffer.data() + begun_->received_bytes, piece.data(), piece.size());
    begun_->received_bytes += piece.size();
  }
  begun_->message_size_bytes += message_size_bytes;
  return absl::OkStatus();
}

}  // namespace millrace::client
