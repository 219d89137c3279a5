#include "server/rpc/loader_service.h"

#include <utility>

#include "core/base/error.h"
#include "server/rpc/batch_source.h"
#include "server/rpc/batch_stream.h"
#include "server/rpc/call.h"
#include "server/rpc/raw_request.h"

namespace millrace {

absl::Status LoaderService::Get(const grpc::ByteBuffer& bytes, grpc::ByteBuffer* response) {
  v1::GetBatchRequest request;
  MILLRACE_RETURN_IF_ERROR(ParseRequest(bytes, &request));
  MILLRACE_ASSIGN_OR_RETURN(BatchSource source, BatchSource::Open(deps_, caches(), BatchQueryOf(request)));
  EncodedBatch encoded;
  MILLRACE_RETURN_IF_ERROR(source.Encode({request.epoch(), request.step()}, 0, &encoded));
  *response = std::move(encoded.messages.front());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LoaderService::GetBatch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.LoaderService/GetBatch", context,
                    [=, this](const auto&) { return Get(*request, response); });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* LoaderService::StreamBatches(grpc::CallbackServerContext* context,
                                                                         const grpc::ByteBuffer* request) {
  auto* stream = new BatchStream(deps_, caches(), context, *request);
  stream->Start();
  return stream;
}

}  // namespace millrace
