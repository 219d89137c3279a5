#include "clients/cpp/column_call.h"

#include <string>
#include <utility>

#include "millrace/v1/loader_service.grpc.pb.h"  // how its requests are serialised

namespace millrace::client {

ColumnStream::ColumnStream(const std::shared_ptr<grpc::ChannelInterface>& channel, grpc::ClientContext* context,
                           v1::StreamBatchesRequest request, AssemblerOptions options)
    : context_(context), stub_(channel), assembler_(options) {
  request.mutable_projection()->set_encoding(v1::BATCH_ENCODING_COLUMNS);
  call_ = stub_.PrepareCall(context_, "/millrace.v1.LoaderService/StreamBatches", &queue_);
  call_->StartCall(this);
  if (!Await()) return;
  call_->WriteLast(request, grpc::WriteOptions(), this);
  Await();  // a write that failed shows at the first read
}

ColumnStream::~ColumnStream() {
  if (!status_.has_value()) Finish();
  queue_.Shutdown();
  void* tag = nullptr;
  bool ok = false;
  while (queue_.Next(&tag, &ok)) {
  }
}

bool ColumnStream::Await() {
  void* tag = nullptr;
  bool ok = false;
  return queue_.Next(&tag, &ok) && ok;
}

absl::StatusOr<std::optional<ColumnBatch>> ColumnStream::Next() {
  grpc::ByteBuffer message;
  while (!is_at_end_) {
    call_->Read(&message, this);
    if (!Await()) {
      is_at_end_ = true;
      if (assembler_.is_within_batch() && Finish().ok()) {
        return absl::DataLossError("malformed stream: it ends within a batch");
      }
      break;
    }
    absl::StatusOr<std::optional<ColumnBatch>> batch = assembler_.Add(message);
    if (!batch.ok() || batch->has_value()) return batch;
  }
  return std::optional<ColumnBatch>();
}

grpc::Status ColumnStream::Finish() {
  if (status_.has_value()) return *status_;
  if (!is_at_end_) context_->TryCancel();
  is_at_end_ = true;
  status_.emplace();
  call_->Finish(&*status_, this);
  Await();
  return *status_;
}

grpc::Status ToGrpcStatus(const absl::Status& status) {
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), std::string(status.message()));
}

absl::StatusOr<ColumnBatch> GetColumns(const std::shared_ptr<grpc::ChannelInterface>& channel,
                                       grpc::ClientContext* context, v1::GetBatchRequest request, grpc::Status* status,
                                       AssemblerOptions options) {
  request.mutable_projection()->set_encoding(v1::BATCH_ENCODING_COLUMNS);
  grpc::TemplatedGenericStub<v1::GetBatchRequest, grpc::ByteBuffer> stub(channel);
  grpc::CompletionQueue queue;
  const auto call = stub.PrepareUnaryCall(context, "/millrace.v1.LoaderService/GetBatch", request, &queue);
  call->StartCall();
  grpc::ByteBuffer message;
  call->Finish(&message, status, &queue);
  void* tag = nullptr;
  bool ok = false;
  queue.Next(&tag, &ok);
  queue.Shutdown();
  if (!status->ok()) return absl::Status(static_cast<absl::StatusCode>(status->error_code()), status->error_message());
  BatchAssembler assembler(options);
  absl::StatusOr<std::optional<ColumnBatch>> batch = assembler.Add(message);
  if (!batch.ok()) return batch.status();
  if (!batch->has_value()) return absl::DataLossError("malformed batch: its body is shorter than it says");
  return **std::move(batch);
}

}  // namespace millrace::client
