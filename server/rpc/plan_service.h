// millrace.v1.PlanService.
#pragma once

#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// Creating a plan costs the same over any number of posts: it looks at records, never at the posts. Thread-safe.
class PlanService final : public v1::PlanService::CallbackService {
 public:
  // Deleted plans leave the cache.
  PlanService(const ServiceDeps& deps, std::shared_ptr<PlanCache> cache) : deps_(deps), cache_(std::move(cache)) {}

  grpc::ServerUnaryReactor* CreatePlan(grpc::CallbackServerContext* context, const v1::CreatePlanRequest* request,
                                       v1::CreatePlanResponse* response) override;
  grpc::ServerUnaryReactor* GetPlan(grpc::CallbackServerContext* context, const v1::GetPlanRequest* request,
                                    v1::GetPlanResponse* response) override;
  grpc::ServerUnaryReactor* ListPlans(grpc::CallbackServerContext* context, const v1::ListPlansRequest* request,
                                      v1::ListPlansResponse* response) override;
  grpc::ServerUnaryReactor* DeletePlan(grpc::CallbackServerContext* context, const v1::DeletePlanRequest* request,
                                       v1::DeletePlanResponse* response) override;

 private:
  // Each waits for the disk.
  absl::Status Create(const v1::CreatePlanRequest& request, v1::CreatePlanResponse* response);
  absl::Status Get(const v1::GetPlanRequest& request, v1::GetPlanResponse* response);
  absl::Status List(const v1::ListPlansRequest& request, v1::ListPlansResponse* response);
  absl::Status Delete(const v1::DeletePlanRequest& request);

  absl::StatusOr<SnapshotRecord> SourceOf(const v1::PlanSpec& spec);

  const ServiceDeps deps_;
  const std::shared_ptr<PlanCache> cache_;  // shared by two services, which die in any order
};

}  // namespace millrace
