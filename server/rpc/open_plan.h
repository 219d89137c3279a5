// From a plan's record to the plan, ready to be asked.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/plan/plan.h"
#include "core/plan/plan_outcome.h"
#include "core/plan/plan_spec.h"
#include "core/query/cancel.h"
#include "server/rpc/plan_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// Opens a valid specification over its snapshot. One that looks at nothing but the number of posts needs the snapshot's
// record alone; all others read its file. kSnapshotMissing, kSnapshotEmpty, and errors as core/batch's OpenPlan, which
// is where `cancelled` is asked.
absl::StatusOr<Plan> OpenPlanOn(const ServiceDeps& deps, PlanSpec spec, const SnapshotRecord& snapshot,
                                const Cancelled& cancelled);

// What became of a recorded plan: from the record, or by opening the plan when it was recorded without.
absl::StatusOr<PlanOutcome> OutcomeOfRecord(const ServiceDeps& deps, const PlanRecord& record, const PlanSpec& spec,
                                            const Cancelled& cancelled);

struct FoundPlan {
  std::string id;                    // in full
  std::shared_ptr<const Plan> plan;  // shared with the cache, which may drop it
};

// The plan that a request names by its id or a prefix, from the cache or opened. kPlanNotFound, kPrefixAmbiguous,
// kFieldInvalid (field "plan_id"), and errors as OpenPlanOn.
absl::StatusOr<FoundPlan> FindPlan(const ServiceDeps& deps, PlanCache* cache, std::string_view plan_id,
                                   const Cancelled& cancelled);

}  // namespace millrace
