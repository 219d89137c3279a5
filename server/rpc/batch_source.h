// From a loader's request to bytes: the plan and its snapshot, opened, and batches of them as millrace.v1.Batch.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/batch/batch.h"
#include "core/batch/column_writer.h"
#include "millrace/v1/loader_service.pb.h"
#include "server/rpc/batch_content.h"
#include "server/rpc/encoded_batch.h"
#include "server/rpc/label_cache.h"
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
  const v1::Projection* projection = nullptr;
  bool in_parts = false;  // whether a large batch of columns may take several messages
};

// Of a GetBatchRequest or a StreamBatchesRequest, which it borrows.
template <typename Request>
BatchQuery BatchQueryOf(const Request& request) {
  return {.plan_id = request.plan_id(),
          .split = request.split(),
          .rank = request.rank(),
          .world_size = request.world_size(),
          .view = request.view(),
          .projection = request.has_projection() ? &request.projection() : nullptr,
          .in_parts = std::is_same_v<Request, v1::StreamBatchesRequest>};
}

// What batches are made of, opened before. Borrowed from the service; each is thread-safe.
struct LoaderCaches {
  PlanCache* plans = nullptr;
  LabelCache* labels = nullptr;
};

// One split's batches for one rank. Not thread-safe; one per call.
class BatchSource {
 public:
  // Errors as millrace.v1.LoaderService lists them. Looks into the catalog only for a plan that is not in
  // the cache, and for a vocabulary that is not named by its digest. kCancelled when `cancelled` returns true, which
  // is asked while such a plan is opened.
  static absl::StatusOr<BatchSource> Open(const ServiceDeps& deps, const LoaderCaches& caches, const BatchQuery& query,
                                          const std::function<bool()>& cancelled);

  // The batch, serialised: as one GetBatchResponse, or as the StreamBatchesResponses that hold it. `skipped_step_count`
  // goes into it. kStepPastEnd, kSnapshotDamaged; kFieldInvalid, also for a batch that is larger than
  // ServiceDeps::sent_message_size_bytes_max.
  absl::Status Encode(Position position, int64_t skipped_step_count, EncodedBatch* encoded);

  const std::string& plan_id() const { return plan_id_; }  // in full
  const SplitInfo& split() const { return reader_.split(); }

 private:
  BatchSource(const ServiceDeps& deps, std::string plan_id, BatchReader reader, const BatchContent& content)
      : plan_id_(std::move(plan_id)),
        reader_(std::move(reader)),
        form_(content.form),
        message_size_bytes_max_(deps.sent_message_size_bytes_max) {}
  // Makes the encoder that the content needs. kVocabularyNotFound, kSnapshotDamaged.
  absl::Status OpenEncoder(const ServiceDeps& deps, const BatchContent& content);

  // Everything but the posts.
  void SetIdentities(const Batch& batch, int64_t skipped_step_count, v1::Batch* head) const;
  absl::Status EncodeRows(const Batch& batch, const v1::Batch& head, EncodedBatch* encoded);
  absl::Status EncodePosts(const Batch& batch, SliceWriter* posts);
  absl::Status EncodeColumns(const Batch& batch, v1::Batch* head, EncodedBatch* encoded);
  absl::Status TooLargeError(const Batch& batch) const;

  std::string plan_id_;
  BatchReader reader_;
  BatchContent::Form form_;
  // Of kRows and of kColumns, null otherwise: thousands of idle streams need neither. They borrow the snapshot that
  // reader_ keeps.
  std::unique_ptr<PostEncoder> post_encoder_;
  std::unique_ptr<ColumnWriter> column_writer_;
  std::shared_ptr<const LabelIndex> labels_;
  size_t part_size_bytes_max_ = 0;  // of a body; 0: no parts
  size_t message_size_bytes_max_;
};

}  // namespace millrace
