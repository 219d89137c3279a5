#include "server/rpc/loader_service.h"

#include <optional>
#include <string_view>
#include <utility>

#include "core/base/error.h"
#include "server/rpc/batch_source.h"
#include "server/rpc/batch_stream.h"
#include "server/rpc/call.h"
#include "server/rpc/raw_request.h"
#include "server/rpc/refused_stream.h"

namespace millrace {
namespace {

using Refused = RefusedStream<grpc::ByteBuffer>;

}  // namespace

absl::Status LoaderService::StreamRefusedError() {
  return MakeError(Reason::kServerBusy,
                   "the server has as many streams open, or as many bytes ready for them, as it is configured for "
                   "(its --max-streams and --max-stream-bytes); try again a little later");
}

absl::Status LoaderService::Get(const grpc::ByteBuffer& bytes, const std::function<bool()>& cancelled,
                                grpc::ByteBuffer* response) {
  v1::GetBatchRequest request;
  MILLRACE_RETURN_IF_ERROR(ParseRequest(bytes, &request));
  MILLRACE_ASSIGN_OR_RETURN(BatchSource source, BatchSource::Open(deps_, caches(), BatchQueryOf(request), cancelled));
  EncodedBatch encoded;
  MILLRACE_RETURN_IF_ERROR(source.Encode({request.epoch(), request.step()}, 0, &encoded));
  *response = std::move(encoded.messages.front());
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* LoaderService::GetBatch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                                  grpc::ByteBuffer* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.LoaderService/GetBatch", context,
                    [=, this](const auto& cancelled) { return Get(*request, cancelled, response); });
}

grpc::ServerWriteReactor<grpc::ByteBuffer>* LoaderService::StreamBatches(grpc::CallbackServerContext* context,
                                                                         const grpc::ByteBuffer* request) {
  // Before anything that costs: whoever is refused has cost next to nothing.
  std::optional<StreamShare> share = deps_.stream_limits->TryOpen();
  if (!share.has_value()) return new Refused(stream_refusals_.Refuse(kStreamBatches, *context));
  if (!deps_.call_pool->Admit()) return new Refused(deps_.call_pool->refusals().Refuse(kStreamBatches, *context));
  stream_refusals_.CountTaken();
  auto* stream = new BatchStream(deps_, caches(), *std::move(share), context, *request);
  stream->Start();
  return stream;
}

}  // namespace millrace
