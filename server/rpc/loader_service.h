// millrace.v1.LoaderService.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// Both methods are served raw, because batches are serialised by hand (PostEncoder), on the call pool. Thread-safe.
class LoaderService final : public v1::LoaderService::WithRawCallbackMethod_GetBatch<
                                v1::LoaderService::WithRawCallbackMethod_StreamBatches<v1::LoaderService::Service>> {
 public:
  LoaderService(const ServiceDeps& deps, std::shared_ptr<PlanCache> cache) : deps_(deps), cache_(std::move(cache)) {}

  grpc::ServerUnaryReactor* GetBatch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* StreamBatches(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request) override;

 private:
  // Waits for the disk.
  absl::Status Get(const grpc::ByteBuffer& bytes, grpc::ByteBuffer* response);

  const ServiceDeps deps_;
  const std::shared_ptr<PlanCache> cache_;  // shared by two services, which die in any order
};

}  // namespace millrace
