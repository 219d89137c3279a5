// Plans from the domain to the messages of millrace.v1.
#pragma once

#include "core/catalog/catalog.h"
#include "core/plan/plan_outcome.h"
#include "core/plan/plan_spec.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace {

void SetPlan(const PlanRecord& record, const PlanSpec& spec, const PlanOutcome& outcome, v1::Plan* message);

}  // namespace millrace
