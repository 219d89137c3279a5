// PlanService.ExplainPost and ExplainStep: from requests to explanations of a plan, and to messages.
#pragma once

#include "absl/status/status.h"
#include "core/query/cancel.h"
#include "millrace/v1/plan_service.pb.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// Errors as millrace.v1.PlanService lists them, and those of opening the plan's snapshot.
absl::Status ExplainPostOf(const ServiceDeps& deps, PlanCache* cache, const v1::ExplainPostRequest& request,
                           const Cancelled& cancelled, v1::ExplainPostResponse* response);
absl::Status ExplainStepOf(const ServiceDeps& deps, PlanCache* cache, const v1::ExplainStepRequest& request,
                           const Cancelled& cancelled, v1::ExplainStepResponse* response);

}  // namespace millrace
