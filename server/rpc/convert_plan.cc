#include "server/rpc/convert_plan.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "server/rpc/convert.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

absl::StatusOr<SplitSpec> SplitSpecOf(const v1::SplitSpec& message, std::string_view field) {
  MILLRACE_RETURN_IF_ERROR(
      CheckEnum(absl::StrCat(std::string(field), ".order"), message.order(), v1::OrderKind_IsValid));
  SplitSpec split;
  split.name = message.name();
  split.share = message.share();
  split.order = message.order() == v1::ORDER_KIND_UNSPECIFIED ? DefaultOrder(split.name)
                                                              : static_cast<OrderKind>(message.order());
  return split;
}

}  // namespace

absl::StatusOr<PlanSpec> PlanSpecOf(const v1::PlanSpec& message, std::string snapshot_digest) {
  MILLRACE_RETURN_IF_ERROR(CheckEnum("spec.strategy", message.strategy(), v1::SplitStrategy_IsValid));
  MILLRACE_RETURN_IF_ERROR(CheckEnum("spec.last_batch", message.last_batch(), v1::LastBatch_IsValid));
  PlanSpec spec;
  spec.snapshot = std::move(snapshot_digest);
  spec.seed = message.seed();
  spec.batch_size = message.batch_size();
  if (message.strategy() != v1::SPLIT_STRATEGY_UNSPECIFIED) {
    spec.strategy = static_cast<SplitStrategy>(message.strategy());
  }
  if (message.last_batch() != v1::LAST_BATCH_UNSPECIFIED) {
    spec.last_batch = static_cast<LastBatch>(message.last_batch());
  }
  // Before the copy: a request may hold a million of them.
  if (static_cast<size_t>(message.splits_size()) > kSplitCountMax) {
    return FieldError("spec.splits", absl::StrCat("holds ", message.splits_size(), " splits; at most ", kSplitCountMax,
                                                  " are allowed"));
  }
  for (int i = 0; i < message.splits_size(); ++i) {
    MILLRACE_ASSIGN_OR_RETURN(SplitSpec split, SplitSpecOf(message.splits(i), absl::StrCat("spec.splits[", i, "]")));
    spec.splits.push_back(std::move(split));
  }
  if (spec.splits.empty()) spec.splits = DefaultSplits();
  MILLRACE_RETURN_IF_ERROR(ValidatePlanSpec(spec));
  return spec;
}

void SetPlanSpec(const PlanSpec& spec, v1::PlanSpec* message) {
  message->set_snapshot(spec.snapshot);
  message->set_seed(spec.seed);
  message->set_strategy(static_cast<v1::SplitStrategy>(spec.strategy));
  for (const SplitSpec& split : spec.splits) {
    v1::SplitSpec* split_message = message->add_splits();
    split_message->set_name(split.name);
    split_message->set_share(split.share);
    split_message->set_order(static_cast<v1::OrderKind>(split.order));
  }
  message->set_batch_size(spec.batch_size);
  message->set_last_batch(static_cast<v1::LastBatch>(spec.last_batch));
}

void SetPlan(const PlanRecord& record, const Plan& plan, v1::Plan* message) {
  message->set_id(record.id);
  SetPlanSpec(plan.spec(), message->mutable_spec());
  int64_t sample_count = 0;
  for (const SplitInfo& split : plan.splits()) {
    v1::SplitInfo* split_message = message->add_splits();
    split_message->set_name(split.name);
    split_message->set_sample_count(split.sample_count);
    split_message->set_batch_count(split.batch_count);
    sample_count += split.sample_count;
  }
  message->set_sample_count(sample_count);
  message->set_canonical_form(record.canonical_form);
  SetTimestamp(record.created_at_us, message->mutable_created_at());
}

absl::StatusOr<Plan> OpenPlanRecord(Catalog& catalog, const PlanRecord& record) {
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord snapshot, catalog.GetSnapshot(record.snapshot));
  MILLRACE_ASSIGN_OR_RETURN(PlanSpec spec, ParseCanonicalForm(record.canonical_form));
  return Plan::Open(std::move(spec), snapshot.post_count);
}

}  // namespace millrace
