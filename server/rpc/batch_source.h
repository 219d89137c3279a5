// From a loader's request to bytes: the plan and its snapshot, opened, and batches of them as millrace.v1.Batch.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/batch/batch.h"
#include "millrace/v1/loader_service.pb.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/post_encoder.h"
#include "server/rpc/services.h"

namespace millrace {

// Which batches a request asks for.
struct BatchQuery {
  std::string_view plan_id;  // or a prefix
  std::string_view split;
  int32_t rank = 0;
  int32_t world_size = 0;  // 0 means 1
  v1::BatchView view = v1::BATCH_VIEW_UNSPECIFIED;
};

// Of a GetBatchRequest or a StreamBatchesRequest, which it borrows.
template <typename Request>
BatchQuery BatchQueryOf(const Request& request) {
  return {request.plan_id(), request.split(), request.rank(), request.world_size(), request.view()};
}

// A batch as it is sent: the messages in their order. One, but for a large batch of columns, whose parts they are.
struct EncodedBatch {
  std::vector<grpc::ByteBuffer> messages;
  size_t size_bytes = 0;  // of all of them
};

// One split's batches for one rank. Not thread-safe; one per call.
class BatchSource {
 public:
  // Errors as millrace.v1.LoaderService lists them. Looks into the catalog only for a plan that is not in `cache`.
  static absl::StatusOr<BatchSource> Open(const ServiceDeps& deps, PlanCache* cache, const BatchQuery& query);

  // The batch, serialised: as one GetBatchResponse, or as the StreamBatchesResponses that hold it. `skipped_step_count`
  // goes into it. kStepPastEnd, kSnapshotDamaged; kFieldInvalid, also for a batch that is larger than
  // ServiceDeps::sent_message_size_bytes_max.
  absl::Status Encode(Position position, int64_t skipped_step_count, EncodedBatch* encoded);

  const std::string& plan_id() const { return plan_id_; }  // in full
  const SplitInfo& split() const { return reader_.split(); }

 private:
  BatchSource(const ServiceDeps& deps, std::string plan_id, BatchReader reader, v1::BatchView view)
      : plan_id_(std::move(plan_id)),
        reader_(std::move(reader)),
        post_encoder_(reader_.snapshot(), *deps.location),
        has_posts_(view != v1::BATCH_VIEW_IDENTITIES),
        message_size_bytes_max_(deps.sent_message_size_bytes_max) {}

  // Everything but the posts, from `batch_`.
  void SetIdentities(int64_t skipped_step_count);
  absl::Status EncodePosts(SliceWriter* posts);
  absl::Status TooLargeError() const;

  std::string plan_id_;
  BatchReader reader_;
  PostEncoder post_encoder_;  // borrows the snapshot that reader_ keeps
  bool has_posts_;
  size_t message_size_bytes_max_;
  // Used again from batch to batch.
  Batch batch_;
  v1::Batch message_;
};

}  // namespace millrace
