// millrace.v1.PlanService.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plan/plan_spec.h"
#include "core/query/cancel.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// A plan is opened once, when it is created; what became of it is kept with its record. Whether that reads the
// snapshot's file depends on the plan (open_plan.h). Thread-safe.
class PlanService final : public v1::PlanService::CallbackService {
 public:
  // Plans that are created here come into the cache, and deleted ones leave it.
  PlanService(const ServiceDeps& deps, std::shared_ptr<PlanCache> cache) : deps_(deps), cache_(std::move(cache)) {}

  grpc::ServerUnaryReactor* CreatePlan(grpc::CallbackServerContext* context, const v1::CreatePlanRequest* request,
                                       v1::CreatePlanResponse* response) override;
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context, const v1::GetPlanRequest* request,
                                    v1::GetPlanResponse* response) override;
  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* context, const v1::ListPlansRequest* request,
                                      v1::ListPlansResponse* response) override;
  grpc::ServerUnaryReactor* DeletePlan(grpc::CallbackServerContext* context, const v1::DeletePlanRequest* request,
                                       v1::DeletePlanResponse* response) override;
  grpc::ServerUnaryReactor* ExplainPost(grpc::CallbackServerContext* context, const v1::ExplainPostRequest* request,
                                        v1::ExplainPostResponse* response) override;
  grpc::ServerUnaryReactor* ExplainStep(grpc::CallbackServerContext* context, const v1::ExplainStepRequest* request,
                                        v1::ExplainStepResponse* response) override;

 private:
  // Each waits for the disk.
  absl::Status Create(const v1::CreatePlanRequest& request, const Cancelled& cancelled,
                      v1::CreatePlanResponse* response);
  absl::Status Get(const v1::GetPlanRequest& request, const Cancelled& cancelled, v1::GetPlanResponse* response);
  absl::Status List(const v1::ListPlansRequest& request, const Cancelled& cancelled, v1::ListPlansResponse* response);
  absl::Status Delete(const v1::DeletePlanRequest& request);

  // The plan with its outcome, from the record where it has one.
  absl::Status Show(const PlanRecord& record, const PlanSpec& spec, const Cancelled& cancelled, v1::Plan* plan);
  absl::Status Show(const PlanRecord& record, const Cancelled& cancelled, v1::Plan* plan);

  absl::StatusOr<SnapshotRecord> SourceOf(const v1::PlanSpec& spec);

  const ServiceDeps deps_;
  const std::shared_ptr<PlanCache> cache_;  // shared by two services, which die in any order
};

}  // namespace millrace
