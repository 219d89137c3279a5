// From a position of a plan to the posts of a batch: rows by the plan, columns by the snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// The identities of one rank's slice of one step.
struct Batch {
  Position position;
  BatchSlice slice;
  std::vector<int64_t> rows;      // of the snapshot, in order
  std::vector<int64_t> post_ids;  // the same posts' ids
};

// Computes the batches of one split for one rank. Keeps the order of the epoch last asked for, so that the steps
// of an epoch cost no set-up each. Not thread-safe; one per stream or request.
class BatchReader {
 public:
  // kSplitNotFound; kFieldInvalid for a rank outside its world. The plan and the snapshot must belong together.
  static absl::StatusOr<BatchReader> Create(std::shared_ptr<const Plan> plan, std::shared_ptr<const Snapshot> snapshot,
                                            std::string_view split, Rank rank);

  // The batch at `position`, into `batch` (its memory is used again). kStepPastEnd, kFieldInvalid, kSnapshotDamaged.
  absl::Status Read(Position position, Batch* batch);

  const Plan& plan() const { return *plan_; }
  const Snapshot& snapshot() const { return *snapshot_; }
  const SplitInfo& split() const { return plan_->splits()[split_]; }
  Rank rank() const { return rank_; }

 private:
  BatchReader(std::shared_ptr<const Plan> plan, std::shared_ptr<const Snapshot> snapshot, size_t split, Rank rank)
      : plan_(std::move(plan)), snapshot_(std::move(snapshot)), split_(split), rank_(rank) {}

  // Shared with the server's caches, which may drop theirs while a stream goes on.
  std::shared_ptr<const Plan> plan_;
  std::shared_ptr<const Snapshot> snapshot_;
  size_t split_;
  Rank rank_;
  std::optional<EpochOrder> order_;
  int64_t order_epoch_ = -1;
};

}  // namespace millrace
