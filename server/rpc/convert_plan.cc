#include "server/rpc/convert_plan.h"

#include <utility>

#include "server/rpc/convert.h"
#include "server/rpc/convert_plan_spec.h"

namespace millrace {

void SetPlan(const PlanRecord& record, const PlanSpec& spec, const PlanOutcome& outcome, v1::Plan* message) {
  message->set_id(record.id);
  SetPlanSpec(spec, message->mutable_spec());
  int64_t sample_count = 0;
  for (const SplitInfo& split : outcome.splits) {
    v1::SplitInfo* split_message = message->add_splits();
    split_message->set_name(split.name);
    split_message->set_sample_count(split.sample_count);
    split_message->set_batch_count(split.batch_count);
    split_message->set_member_count(split.member_count);
    sample_count += split.sample_count;
  }
  message->set_sample_count(sample_count);
  message->set_canonical_form(record.canonical_form);
  SetTimestamp(record.created_at_us, message->mutable_created_at());
  message->set_selected_count(outcome.selected_count);
  message->set_unassigned_count(outcome.unassigned_count);
  for (const std::string& note : outcome.notes) message->add_notes(note);
}

}  // namespace millrace
