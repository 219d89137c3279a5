#include "core/batch/batch.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

absl::StatusOr<BatchReader> BatchReader::Create(std::shared_ptr<const Plan> plan,
                                                std::shared_ptr<const Snapshot> snapshot, std::string_view split,
                                                Rank rank) {
  MILLRACE_RETURN_IF_ERROR(ValidateRank(rank));
  MILLRACE_ASSIGN_OR_RETURN(const size_t split_index, plan->FindSplit(split));
  // Serving another snapshot's posts under this plan's name would be silent; a comparison is cheap.
  if (plan->spec().snapshot != snapshot->digest() || plan->row_count() != snapshot->post_count()) {
    return MakeError(Reason::kInternal, absl::StrCat("the plan is for the ", plan->row_count(), " posts of snapshot ",
                                                     plan->spec().snapshot, ", but snapshot ", snapshot->digest(),
                                                     " with ", snapshot->post_count(), " posts was opened for it"));
  }
  return BatchReader(std::move(plan), std::move(snapshot), split_index, rank);
}

absl::Status BatchReader::Read(Position position, Batch* batch) {
  MILLRACE_ASSIGN_OR_RETURN(batch->slice, plan_->Slice(split_, position, rank_));
  batch->position = position;
  if (order_epoch_ != position.epoch) {
    MILLRACE_ASSIGN_OR_RETURN(order_, plan_->OpenEpoch(split_, position.epoch));
    order_epoch_ = position.epoch;
  }
  const size_t sample_count = static_cast<size_t>(batch->slice.sample_count);
  batch->rows.resize(sample_count);
  batch->post_ids.resize(sample_count);
  order_->Rows(batch->slice.first_sample, absl::MakeSpan(batch->rows));
  return snapshot_->ReadPostIds(batch->rows, absl::MakeSpan(batch->post_ids));
}

}  // namespace millrace
