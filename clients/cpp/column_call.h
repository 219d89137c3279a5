// Batches of columns from a server, one blocking call at a time:
//
//   grpc::ClientContext context;
//   ColumnStream stream(channel, &context, request);
//   while (true) {
//     absl::StatusOr<std::optional<ColumnBatch>> batch = stream.Next();
//     if (!batch.ok()) return batch.status();      // the server sent what is no batch
//     if (!batch->has_value()) break;
//     Train(**batch);
//   }
//   grpc::Status status = stream.Finish();         // why it ended
//
// The channel must let messages of a part through (1 MiB unless the server is configured otherwise), and GetColumns
// those of a whole batch: ChannelArguments::SetMaxReceiveMessageSize.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "clients/cpp/batch_assembler.h"
#include "clients/cpp/column_batch.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace::client {

// StreamBatches. Not thread-safe; only the context's TryCancel may be called from elsewhere.
class ColumnStream {
 public:
  // Begins the call. `request` is asked for as columns, whatever its projection's encoding says. Borrows the context,
  // which must outlive this.
  ColumnStream(const std::shared_ptr<grpc::ChannelInterface>& channel, grpc::ClientContext* context,
               v1::StreamBatchesRequest request, AssemblerOptions options = {});
  // Cancels the call unless it was finished.
  ~ColumnStream();
  ColumnStream(const ColumnStream&) = delete;
  ColumnStream& operator=(const ColumnStream&) = delete;

  // Waits for the next batch; nothing at the stream's end, of which Finish tells the reason. DATA_LOSS for what is
  // malformed, and when the stream ended well within a batch.
  absl::StatusOr<std::optional<ColumnBatch>> Next();
  // Waits for the end. Cancels a call whose batches were not all taken.
  grpc::Status Finish();

 private:
  // Waits for the one operation that is under way; whether it succeeded.
  bool Await();

  grpc::ClientContext* const context_;
  grpc::TemplatedGenericStub<v1::StreamBatchesRequest, grpc::ByteBuffer> stub_;
  grpc::CompletionQueue queue_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::StreamBatchesRequest, grpc::ByteBuffer>> call_;
  BatchAssembler assembler_;
  bool is_at_end_ = false;
  std::optional<grpc::Status> status_;
};

// The same code and message, for callers that tell of calls and of malformed batches in one way.
grpc::Status ToGrpcStatus(const absl::Status& status);

// GetBatch, as columns. `status` says how the call ended; when it is OK the batch is there, or what is malformed in it.
absl::StatusOr<ColumnBatch> GetColumns(const std::shared_ptr<grpc::ChannelInterface>& channel,
                                       grpc::ClientContext* context, v1::GetBatchRequest request, grpc::Status* status,
                                       AssemblerOptions options = {});

}  // namespace millrace::client
