// From a plan's specification and its snapshot to what the plan looks at: which rows its query selects, and what
// its strategy and orders need to know of them. The same functions answer for one row, for explanations.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/plan/plan.h"
#include "core/plan/plan_input.h"
#include "core/plan/plan_spec.h"
#include "core/query/cancel.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Puts every query of the specification into canonical form, so that equal ones give equal plan ids. kQueryInvalid
// for one that does not parse; its metadata "field" says which ("spec.mix.parts[1].query").
absl::Status CanonicalisePlanQueries(PlanSpec* spec);

// Only what NeedsOf(spec) says. Requires a valid specification of this snapshot. kSelectionEmpty when no post matches
// the query, kSnapshotEmpty when there are no posts at all; kQueryInvalid, with metadata "field", for a query that does
// not parse or names a tag that the snapshot lacks; kSnapshotDamaged; kCancelled when
// `cancelled` returns true while a query is bound or evaluated.
absl::StatusOr<PlanInput> ReadPlanInput(const PlanSpec& spec, const Snapshot& snapshot,
                                        const Cancelled& cancelled = {});

// The plan, ready to be asked. Errors as ReadPlanInput and Plan::Open.
absl::StatusOr<Plan> OpenPlan(PlanSpec spec, const Snapshot& snapshot, const Cancelled& cancelled = {});

// What ReadPlanInput gives for the row, selected or not. Requires a row in range and, of the last three, a
// specification that has such a key (spec.stratify, spec.weights, spec.mix). Errors as ReadPlanInput.
absl::StatusOr<UnitKey> UnitKeyOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row);
absl::StatusOr<int64_t> StratumOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row);
absl::StatusOr<int64_t> WeightOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row);
absl::StatusOr<uint8_t> MixPartOf(const PlanSpec& spec, const Snapshot& snapshot, int64_t row);  // or kNoMixPart

}  // namespace millrace
