#include "server/rpc/plan_service.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "server/rpc/call.h"
#include "server/rpc/convert.h"
#include "server/rpc/convert_plan.h"
#include "server/rpc/convert_plan_spec.h"
#include "server/rpc/explain_plan.h"
#include "server/rpc/open_plan.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"
#include "server/rpc/scope.h"

namespace millrace {
namespace {

// A plan may take megabytes (thousands of ranges and queries), and the answer must stay far below what clients receive.
constexpr size_t kPlansPageSizeBytesMax = 4 << 20;

}  // namespace

absl::StatusOr<SnapshotRecord> PlanService::SourceOf(const v1::PlanSpec& spec) {
  if (spec.has_dataset()) {
    MILLRACE_RETURN_IF_ERROR(CheckName("spec.dataset", spec.dataset()));
    MILLRACE_ASSIGN_OR_RETURN(const std::string digest, NewestSnapshotOf(deps_, spec.dataset()));
    return deps_.catalog->GetSnapshot(digest);
  }
  if (spec.has_snapshot()) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("spec.snapshot", spec.snapshot()));
    return deps_.catalog->GetSnapshot(reference);
  }
  return FieldError("spec.source", "is required: name a snapshot or a dataset");
}

absl::Status PlanService::Create(const v1::CreatePlanRequest& request, const Cancelled& cancelled,
                                 v1::CreatePlanResponse* response) {
  if (!request.has_spec()) return FieldError("spec", "is required");
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord snapshot, SourceOf(request.spec()));
  MILLRACE_ASSIGN_OR_RETURN(const PlanSpec spec, PlanSpecOf(request.spec(), snapshot.digest));
  if (snapshot.post_count == 0) {
    return MakeError(Reason::kSnapshotEmpty,
                     absl::StrCat("the snapshot ", snapshot.digest, " holds no posts to plan over"),
                     {{"snapshot", snapshot.digest}});
  }
  const std::string form = CanonicalForm(spec);
  const std::string id = PlanIdOf(form);
  const absl::StatusOr<PlanRecord> known = deps_.catalog->GetPlan(id);
  if (known.ok()) return Show(*known, spec, cancelled, response->mutable_plan());
  if (ReasonOf(known.status()) != Reason::kPlanNotFound) return known.status();

  const uint64_t generation = cache_->generation();
  MILLRACE_ASSIGN_OR_RETURN(Plan opened, OpenPlanOn(deps_, spec, snapshot, cancelled));
  const auto plan = std::make_shared<const Plan>(std::move(opened));
  const PlanOutcome outcome = OutcomeOf(*plan);
  PlanRecord record{id, snapshot.digest, form, absl::ToUnixMicros(absl::Now()), FormatPlanOutcome(outcome)};
  MILLRACE_ASSIGN_OR_RETURN(const bool created, deps_.catalog->AddPlan(record));
  // Another call was first: show the time at which that created it.
  if (!created) {
    MILLRACE_ASSIGN_OR_RETURN(record, deps_.catalog->GetPlan(id));
  }
  cache_->Add(id, plan, generation);
  SetPlan(record, spec, outcome, response->mutable_plan());
  response->set_created(created);
  return absl::OkStatus();
}

absl::Status PlanService::Show(const PlanRecord& record, const PlanSpec& spec, const Cancelled& cancelled,
                               v1::Plan* plan) {
  MILLRACE_ASSIGN_OR_RETURN(const PlanOutcome outcome, OutcomeOfRecord(deps_, record, spec, cancelled));
  SetPlan(record, spec, outcome, plan);
  return absl::OkStatus();
}

absl::Status PlanService::Show(const PlanRecord& record, const Cancelled& cancelled, v1::Plan* plan) {
  MILLRACE_ASSIGN_OR_RETURN(const PlanSpec spec, ParseCanonicalForm(record.canonical_form));
  return Show(record, spec, cancelled, plan);
}

absl::Status PlanService::Get(const v1::GetPlanRequest& request, const Cancelled& cancelled,
                              v1::GetPlanResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("plan_id", request.plan_id()));
  MILLRACE_ASSIGN_OR_RETURN(const PlanRecord record, deps_.catalog->GetPlan(reference));
  return Show(record, cancelled, response->mutable_plan());
}

absl::Status PlanService::List(const v1::ListPlansRequest& request, const Cancelled& cancelled,
                               v1::ListPlansResponse* response) {
  const std::string binding = PageBinding("ListPlans", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  std::string snapshot;
  if (!request.snapshot().empty()) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("snapshot", request.snapshot()));
    MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord record, deps_.catalog->GetSnapshot(reference));
    snapshot = record.digest;
  }
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<PlanRecord> records,
                            deps_.catalog->ListPlans(snapshot, TimeCursorOf(cursor), limit + 1));
  size_t page_size_bytes = 0;
  for (size_t i = 0; i < records.size(); ++i) {
    if (i == static_cast<size_t>(limit) || page_size_bytes >= kPlansPageSizeBytesMax) {
      response->set_next_page_token(EncodePageToken(binding, {records[i - 1].id, records[i - 1].created_at_us}));
      break;
    }
    v1::Plan plan;
    const absl::Status shown = Show(records[i], cancelled, &plan);
    // A plan keeps its snapshot's record: both were deleted since the listing.
    if (ReasonOf(shown) == Reason::kSnapshotNotFound) continue;
    MILLRACE_RETURN_IF_ERROR(shown);
    page_size_bytes += plan.ByteSizeLong();
    *response->add_plans() = std::move(plan);
  }
  return absl::OkStatus();
}

absl::Status PlanService::Delete(const v1::DeletePlanRequest& request) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("plan_id", request.plan_id()));
  const absl::StatusOr<PlanRecord> record = deps_.catalog->GetPlan(reference);
  if (!record.ok()) {
    const bool may_be_missing = request.allow_missing() && IsHexDigest(reference);
    return may_be_missing && ReasonOf(record.status()) == Reason::kPlanNotFound ? absl::OkStatus() : record.status();
  }
  MILLRACE_RETURN_IF_ERROR(deps_.catalog->DeletePlan(record->id));
  cache_->Erase(record->id);
  return absl::OkStatus();
}

grpc::ServerUnaryReactor* PlanService::CreatePlan(grpc::CallbackServerContext* context,
                                                  const v1::CreatePlanRequest* request,
                                                  v1::CreatePlanResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/CreatePlan", context,
                    [=, this](const auto& cancelled) { return Create(*request, cancelled, response); });
}

grpc::ServerUnaryReactor* PlanService::GetPlan(grpc::CallbackServerContext* context, const v1::GetPlanRequest* request,
                                               v1::GetPlanResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/GetPlan", context,
                    [=, this](const auto& cancelled) { return Get(*request, cancelled, response); });
}

grpc::ServerUnaryReactor* PlanService::ListPlans(grpc::CallbackServerContext* context,
                                                 const v1::ListPlansRequest* request, v1::ListPlansResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/ListPlans", context,
                    [=, this](const auto& cancelled) { return List(*request, cancelled, response); });
}

grpc::ServerUnaryReactor* PlanService::DeletePlan(grpc::CallbackServerContext* context,
                                                  const v1::DeletePlanRequest* request,
                                                  v1::DeletePlanResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/DeletePlan", context,
                    [=, this](const auto&) { return Delete(*request); });
}

grpc::ServerUnaryReactor* PlanService::ExplainPost(grpc::CallbackServerContext* context,
                                                   const v1::ExplainPostRequest* request,
                                                   v1::ExplainPostResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.PlanService/ExplainPost", context,
      [=, this](const auto& cancelled) { return ExplainPostOf(deps_, cache_.get(), *request, cancelled, response); });
}

grpc::ServerUnaryReactor* PlanService::ExplainStep(grpc::CallbackServerContext* context,
                                                   const v1::ExplainStepRequest* request,
                                                   v1::ExplainStepResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.PlanService/ExplainStep", context,
      [=, this](const auto& cancelled) { return ExplainStepOf(deps_, cache_.get(), *request, cancelled, response); });
}

}  // namespace millrace
