#include "server/rpc/open_plan.h"

#include <utility>

#include "core/base/error.h"
#include "core/batch/plan_input_reader.h"
#include "core/plan/plan_input.h"
#include "server/rpc/request.h"

namespace millrace {
namespace {

bool LooksAtPosts(const PlanSpec& spec) {
  const PlanNeeds needs = NeedsOf(spec);
  return !spec.query.empty() || needs.post_ids || needs.unit_keys || needs.strata || needs.weights || needs.mix_parts;
}

}  // namespace

absl::StatusOr<Plan> OpenPlanOn(const ServiceDeps& deps, PlanSpec spec, const SnapshotRecord& snapshot,
                                const Cancelled& cancelled) {
  if (!LooksAtPosts(spec)) return Plan::Open(std::move(spec), snapshot.post_count);
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> opened, deps.snapshots->Get(snapshot.digest));
  return OpenPlan(std::move(spec), *opened, cancelled);
}

absl::StatusOr<PlanOutcome> OutcomeOfRecord(const ServiceDeps& deps, const PlanRecord& record, const PlanSpec& spec,
                                            const Cancelled& cancelled) {
  if (!record.outcome.empty()) return ParsePlanOutcome(record.outcome);
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord snapshot, deps.catalog->GetSnapshot(record.snapshot));
  MILLRACE_ASSIGN_OR_RETURN(const Plan plan, OpenPlanOn(deps, spec, snapshot, cancelled));
  return OutcomeOf(plan);
}

absl::StatusOr<FoundPlan> FindPlan(const ServiceDeps& deps, PlanCache* cache, std::string_view plan_id,
                                   const Cancelled& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(std::string reference, DigestReference("plan_id", plan_id));
  if (std::shared_ptr<const Plan> plan = cache->Find(reference); plan != nullptr) {
    return FoundPlan{std::move(reference), std::move(plan)};
  }
  const uint64_t generation = cache->generation();
  MILLRACE_ASSIGN_OR_RETURN(const PlanRecord record, deps.catalog->GetPlan(reference));
  if (std::shared_ptr<const Plan> plan = cache->Find(record.id); plan != nullptr) {
    return FoundPlan{record.id, std::move(plan)};  // named by a prefix
  }
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord snapshot, deps.catalog->GetSnapshot(record.snapshot));
  MILLRACE_ASSIGN_OR_RETURN(PlanSpec spec, ParseCanonicalForm(record.canonical_form));
  MILLRACE_ASSIGN_OR_RETURN(Plan opened, OpenPlanOn(deps, std::move(spec), snapshot, cancelled));
  auto plan = std::make_shared<const Plan>(std::move(opened));
  cache->Add(record.id, plan, generation);
  return FoundPlan{record.id, std::move(plan)};
}

}  // namespace millrace
