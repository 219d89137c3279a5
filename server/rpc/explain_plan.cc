#include "server/rpc/explain_plan.h"

#include <memory>
#include <string>

#include "core/base/error.h"
#include "core/batch/explain.h"
#include "core/plan/token.h"
#include "server/rpc/open_plan.h"

namespace millrace {

absl::Status ExplainPostOf(const ServiceDeps& deps, PlanCache* cache, const v1::ExplainPostRequest& request,
                           const Cancelled& cancelled, v1::ExplainPostResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const FoundPlan found, FindPlan(deps, cache, request.plan_id(), cancelled));
  const PlanSpec& spec = found.plan->spec();
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, deps.snapshots->Get(spec.snapshot));
  MILLRACE_ASSIGN_OR_RETURN(const PostExplanation explained,
                            ExplainPost(*found.plan, *snapshot, request.post_id(), request.epoch(), cancelled));
  response->set_plan_id(found.id);
  response->set_snapshot(spec.snapshot);
  response->set_row(explained.row);
  response->set_is_selected(explained.is_selected);
  if (explained.split.has_value()) response->set_split(spec.splits[*explained.split].name);
  for (const std::string& reason : explained.reasons) response->add_reasons(reason);
  for (const Appearance& appearance : explained.appearances) {
    v1::Appearance& message = *response->add_appearances();
    message.set_step(appearance.step);
    message.set_global_index(appearance.global_index);
    message.set_sample(appearance.sample);
    message.set_is_padding(appearance.is_padding);
  }
  response->set_epoch(request.epoch());
  return absl::OkStatus();
}

absl::Status ExplainStepOf(const ServiceDeps& deps, PlanCache* cache, const v1::ExplainStepRequest& request,
                           const Cancelled& cancelled, v1::ExplainStepResponse* response) {
  if (request.split().empty()) return FieldError("split", "is required");
  MILLRACE_ASSIGN_OR_RETURN(const FoundPlan found, FindPlan(deps, cache, request.plan_id(), cancelled));
  const PlanSpec& spec = found.plan->spec();
  MILLRACE_ASSIGN_OR_RETURN(const size_t split, found.plan->FindSplit(request.split()));
  MILLRACE_ASSIGN_OR_RETURN(const std::shared_ptr<const Snapshot> snapshot, deps.snapshots->Get(spec.snapshot));
  const Position position{request.epoch(), request.step()};
  MILLRACE_ASSIGN_OR_RETURN(const StepExplanation explained, ExplainStep(*found.plan, *snapshot, split, position));
  response->set_plan_id(found.id);
  response->set_snapshot(spec.snapshot);
  for (const std::string& reason : explained.reasons) response->add_reasons(reason);
  for (const ExplainedSample& sample : explained.samples) {
    v1::ExplainedSample& message = *response->add_samples();
    message.set_sample(sample.sample);
    message.set_member(sample.member);
    message.set_row(sample.row);
    message.set_post_id(sample.post_id);
    message.set_is_padding(sample.is_padding);
  }
  response->set_sample_count(explained.sample_count);
  response->set_token(EncodeToken(found.id, request.split(), position));
  return absl::OkStatus();
}

}  // namespace millrace
