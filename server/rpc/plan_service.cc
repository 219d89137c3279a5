#include "server/rpc/plan_service.h"

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
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"
#include "server/rpc/scope.h"

namespace millrace {

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

absl::Status PlanService::Create(const v1::CreatePlanRequest& request, v1::CreatePlanResponse* response) {
  if (!request.has_spec()) return FieldError("spec", "is required");
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord snapshot, SourceOf(request.spec()));
  MILLRACE_ASSIGN_OR_RETURN(const PlanSpec spec, PlanSpecOf(request.spec(), snapshot.digest));
  if (snapshot.post_count == 0) {
    return MakeError(Reason::kSnapshotEmpty,
                     absl::StrCat("the snapshot ", snapshot.digest, " holds no posts to plan over"),
                     {{"snapshot", snapshot.digest}});
  }
  PlanRecord record;
  record.snapshot = snapshot.digest;
  record.canonical_form = CanonicalForm(spec);
  record.id = PlanIdOf(record.canonical_form);
  record.created_at_us = absl::ToUnixMicros(absl::Now());
  MILLRACE_ASSIGN_OR_RETURN(const Plan plan, Plan::Open(spec, snapshot.post_count));
  MILLRACE_ASSIGN_OR_RETURN(const bool created, deps_.catalog->AddPlan(record));
  // Again, for the time at which it was first created.
  MILLRACE_ASSIGN_OR_RETURN(const PlanRecord stored, deps_.catalog->GetPlan(record.id));
  SetPlan(stored, plan, response->mutable_plan());
  response->set_created(created);
  return absl::OkStatus();
}

absl::Status PlanService::Get(const v1::GetPlanRequest& request, v1::GetPlanResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("plan_id", request.plan_id()));
  MILLRACE_ASSIGN_OR_RETURN(const PlanRecord record, deps_.catalog->GetPlan(reference));
  MILLRACE_ASSIGN_OR_RETURN(const Plan plan, OpenPlanRecord(*deps_.catalog, record));
  SetPlan(record, plan, response->mutable_plan());
  return absl::OkStatus();
}

absl::Status PlanService::List(const v1::ListPlansRequest& request, v1::ListPlansResponse* response) {
  const std::string binding = PageBinding("ListPlans", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  std::string snapshot;
  if (!request.snapshot().empty()) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("snapshot", request.snapshot()));
    MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord record, deps_.catalog->GetSnapshot(reference));
    snapshot = record.digest;
  }
  MILLRACE_ASSIGN_OR_RETURN(std::vector<PlanRecord> records,
                            deps_.catalog->ListPlans(snapshot, TimeCursorOf(cursor), limit + 1));
  if (static_cast<int64_t>(records.size()) > limit) {
    records.resize(static_cast<size_t>(limit));
    response->set_next_page_token(EncodePageToken(binding, {records.back().id, records.back().created_at_us}));
  }
  for (const PlanRecord& record : records) {
    const absl::StatusOr<Plan> plan = OpenPlanRecord(*deps_.catalog, record);
    // A plan keeps its snapshot's record: both were deleted since the listing.
    if (ReasonOf(plan.status()) == Reason::kSnapshotNotFound) continue;
    MILLRACE_RETURN_IF_ERROR(plan.status());
    SetPlan(record, *plan, response->add_plans());
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
                    [=, this](const auto&) { return Create(*request, response); });
}

grpc::ServerUnaryReactor* PlanService::GetPlan(grpc::CallbackServerContext* context, const v1::GetPlanRequest* request,
                                               v1::GetPlanResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/GetPlan", context,
                    [=, this](const auto&) { return Get(*request, response); });
}

grpc::ServerUnaryReactor* PlanService::ListPlans(grpc::CallbackServerContext* context,
                                                 const v1::ListPlansRequest* request, v1::ListPlansResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/ListPlans", context,
                    [=, this](const auto&) { return List(*request, response); });
}

grpc::ServerUnaryReactor* PlanService::DeletePlan(grpc::CallbackServerContext* context,
                                                  const v1::DeletePlanRequest* request,
                                                  v1::DeletePlanResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.PlanService/DeletePlan", context,
                    [=, this](const auto&) { return Delete(*request); });
}

}  // namespace millrace
