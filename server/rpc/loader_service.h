// millrace.v1.LoaderService.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// StreamBatches is served raw, so that batches can be serialised on the call pool. Thread-safe.
class LoaderService final : public v1::LoaderService::WithCallbackMethod_GetBatch<
                                v1::LoaderService::WithRawCallbackMethod_StreamBatches<v1::LoaderService::Service>> {
 public:
  LoaderService(const ServiceDeps& deps, std::shared_ptr<PlanCache> cache) : deps_(deps), cache_(std::move(cache)) {}

  grpc::ServerUnaryReactor* GetBatch(grpc::CallbackServerContext* context, const v1::GetBatchRequest* request,
                                     v1::GetBatchResponse* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* StreamBatches(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request) override;

 private:
  absl::Status Get(const v1::GetBatchRequest& request, v1::GetBatchResponse* response);

  const ServiceDeps deps_;
  const std::shared_ptr<PlanCache> cache_;  // shared by two services, which die in any order
};

}  // namespace millrace
