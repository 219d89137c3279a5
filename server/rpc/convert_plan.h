// Plans between the domain and the messages of millrace.v1.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/plan/plan.h"
#include "core/plan/plan_spec.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace {

// The specification with every default filled in, over the snapshot of this full digest. kFieldInvalid for enums out
// of range and for what ValidatePlanSpec refuses.
absl::StatusOr<PlanSpec> PlanSpecOf(const v1::PlanSpec& message, std::string snapshot_digest);

void SetPlanSpec(const PlanSpec& spec, v1::PlanSpec* message);
void SetPlan(const PlanRecord& record, const Plan& plan, v1::Plan* message);

// Opens a recorded plan, from the catalog alone: the snapshot's file need not be there.
absl::StatusOr<Plan> OpenPlanRecord(Catalog& catalog, const PlanRecord& record);

}  // namespace millrace
