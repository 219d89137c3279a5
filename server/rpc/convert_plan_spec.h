// Plan specifications between the domain and the messages of millrace.v1.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "core/plan/plan_spec.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace {

// The specification over the snapshot of this full digest, every default filled in and queries in canonical form.
// kFieldInvalid for enums out of range and for what ValidatePlanSpec refuses; kQueryInvalid.
absl::StatusOr<PlanSpec> PlanSpecOf(const v1::PlanSpec& message, std::string snapshot_digest);

// PlanSpecOf(*message, ...) gives `spec` back.
void SetPlanSpec(const PlanSpec& spec, v1::PlanSpec* message);

}  // namespace millrace
