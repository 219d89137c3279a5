#include "server/rpc/batch_source.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "server/rpc/convert_plan.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

struct FoundPlan {
  std::string id;
  std::shared_ptr<const Plan> plan;
};

absl::StatusOr<FoundPlan> FindPlan(const ServiceDeps& deps, PlanCache* cache, std::string_view plan_id) {
  MILLRACE_ASSIGN_OR_RETURN(std::string reference, DigestReference("plan_id", plan_id));
  if (std::shared_ptr<const Plan> plan = cache->Find(reference); plan != nullptr) {
    return FoundPlan{std::move(reference), std::move(plan)};
  }
  const uint64_t generation = cache->generation();
  MILLRACE_ASSIGN_OR_RETURN(const PlanRecord record, deps.catalog->GetPlan(reference));
  MILLRACE_ASSIGN_OR_RETURN(Plan opened, OpenPlanRecord(*deps.catalog, record));
  auto plan = std::make_shared<const Plan>(std::move(opened));
  cache->Add(record.id, plan, generation);
  return FoundPlan{record.id, std::move(plan)};
}

absl::Status BatchTooLarge(int64_t sample_count) {
  return FieldError("view",
                    absl::StrCat("a batch of ", sample_count, " whole posts takes more than ", kBatchSizeBytesMax >> 20,
                                 " MiB; ask for BATCH_VIEW_IDENTITIES, more ranks, or a smaller batch size"));
}

}  // namespace

absl::StatusOr<BatchSource> BatchSource::Open(const ServiceDeps& deps, PlanCache* cache, const BatchQuery& query) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum("view", query.view, v1::BatchView_IsValid));
  if (query.split.empty()) return FieldError("split", "is required");
  MILLRACE_ASSIGN_OR_RETURN(FoundPlan found, FindPlan(deps, cache, query.plan_id));
  MILLRACE_ASSIGN_OR_RETURN(std::shared_ptr<const Snapshot> snapshot, deps.snapshots->Get(found.plan->spec().snapshot));
  const Rank rank{query.rank, query.world_size == 0 ? 1 : query.world_size};
  MILLRACE_ASSIGN_OR_RETURN(BatchReader reader,
                            BatchReader::Create(std::move(found.plan), std::move(snapshot), query.split, rank));
  return BatchSource(std::move(found.id), std::move(reader), query.view, *deps.location);
}

absl::Status BatchSource::Read(Position position, v1::Batch* message) {
  MILLRACE_RETURN_IF_ERROR(reader_.Read(position, &batch_));
  message->Clear();
  message->set_plan_id(plan_id_);
  message->set_snapshot(reader_.plan().spec().snapshot);
  message->set_split(split().name);
  message->set_epoch(position.epoch);
  message->set_step(position.step);
  message->set_rank(reader_.rank().rank);
  message->set_world_size(reader_.rank().world_size);
  message->set_batch_count(split().batch_count);
  message->set_global_sample_count(batch_.slice.global_sample_count);
  message->set_global_offset(batch_.slice.global_offset);
  message->set_padding_count(batch_.slice.padding_count);
  message->mutable_post_ids()->Add(batch_.post_ids.begin(), batch_.post_ids.end());
  message->mutable_rows()->Add(batch_.rows.begin(), batch_.rows.end());
  return has_posts_ ? ReadPosts(message) : absl::OkStatus();
}

absl::Status BatchSource::ReadPosts(v1::Batch* message) {
  size_t size_bytes = 0;
  for (const int64_t row : batch_.rows) {
    v1::Post* post = message->add_posts();
    MILLRACE_RETURN_IF_ERROR(post_reader_.Read(row, post));
    size_bytes += post->ByteSizeLong();
    if (size_bytes > kBatchSizeBytesMax) return BatchTooLarge(batch_.slice.sample_count);
  }
  return absl::OkStatus();
}

}  // namespace millrace
