// millrace.v1.LoaderService.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "server/rpc/batch_source.h"
#include "server/rpc/label_cache.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/refusals.h"
#include "server/rpc/services.h"

namespace millrace {

// Both methods are served raw, because batches are serialised by hand (PostEncoder), on the call pool. Thread-safe.
class LoaderService final : public v1::LoaderService::WithRawCallbackMethod_GetBatch<
                                v1::LoaderService::WithRawCallbackMethod_StreamBatches<v1::LoaderService::Service>> {
 public:
  // shared_ptr: other services use the caches too, and services die in any order.
  LoaderService(const ServiceDeps& deps, std::shared_ptr<PlanCache> plans, std::shared_ptr<LabelCache> labels)
      : deps_(deps),
        plans_(std::move(plans)),
        labels_(std::move(labels)),
        stream_refusals_(deps.call_log, StreamRefusedError()) {}

  grpc::ServerUnaryReactor* GetBatch(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<grpc::ByteBuffer>* StreamBatches(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request) override;

 private:
  LoaderCaches caches() const { return {.plans = plans_.get(), .labels = labels_.get()}; }
  static absl::Status StreamRefusedError();
  // Waits for the disk.
  absl::Status Get(const grpc::ByteBuffer& bytes, const std::function<bool()>& cancelled, grpc::ByteBuffer* response);

  const ServiceDeps deps_;
  const std::shared_ptr<PlanCache> plans_;
  const std::shared_ptr<LabelCache> labels_;
  Refusals stream_refusals_;
};

}  // namespace millrace
