#include "server/rpc/loader_service.h"

#include "core/base/error.h"
#include "server/rpc/batch_source.h"
#include "server/rpc/batch_stream.h"
#include "server/rpc/call.h"

namespace millrace {

absl::Status LoaderService::Get(const v1::GetBatchRequest& request, v1::GetBatchResponse* response) {
  BatchQuery query;
  query.plan_id = request.plan_id();
  query.split = request.split();
  query.rank = request.rank();
  query.world_size = request.world_size();
  query.view = request.view();
  MILLRACE_ASSIGN_OR_RETURN(BatchSource source, BatchSource::Open(deps_, cache_.get(), query));
  return source.Read({request.epoch(), request.step()}, response->mutable_batch());
}

grpc::ServerUnaryReactor* LoaderService::GetBatch(grpc::CallbackServerContext* context,
                                                  const v1::GetBatchRequest* request, v1::GetBatchResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.LoaderService/GetBatch", context,
                    [=, this](const auto&) { return Get(*request, response); });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* LoaderService::StreamBatches(grpc::CallbackServerContext* context,
                                                                         const grpc::ByteBuffer* request) {
  auto* stream = new BatchStream(deps_, cache_.get(), context, *request);
  stream->Start();
  return stream;
}

}  // namespace millrace
