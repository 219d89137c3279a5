// Plan::Open, declared in plan.h.
#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/error.h"
#include "core/plan/plan.h"
#include "core/plan/plan_notes.h"
#include "core/plan/split_strategies.h"

namespace millrace {
namespace {

int64_t BatchCount(int64_t sample_count, int64_t batch_size, LastBatch last_batch) {
  const int64_t whole_count = sample_count / batch_size;
  const bool has_rest = sample_count % batch_size != 0;
  return last_batch == LastBatch::kDrop || !has_rest ? whole_count : whole_count + 1;
}

// From values by element to values by member.
template <typename Value>
std::vector<Value> ByMember(const SplitMembers& members, const std::vector<Value>& by_element) {
  constexpr int64_t kBlock = 1024;
  std::array<int64_t, kBlock> block;
  std::vector<Value> values;
  values.reserve(static_cast<size_t>(members.size()));
  for (int64_t first = 0; first < members.size(); first += kBlock) {
    const absl::Span<int64_t> part = absl::MakeSpan(block).subspan(0, static_cast<size_t>(members.size() - first));
    std::iota(part.begin(), part.end(), first);
    members.Elements(part);
    for (const int64_t element : part) values.push_back(by_element[static_cast<size_t>(element)]);
  }
  return values;
}

MemberValues ValuesOf(OrderKind order, const SplitMembers& members, const PlanInput& input) {
  MemberValues values;
  if (order == OrderKind::kWeighted) values.weights = ByMember(members, input.weights);
  if (order == OrderKind::kMixed) values.mix_parts = ByMember(members, input.mix_parts);
  return values;
}

}  // namespace

absl::StatusOr<Plan> Plan::Open(PlanSpec spec, PlanInput input) {
  MILLRACE_RETURN_IF_ERROR(ValidatePlanSpec(spec));
  MILLRACE_ASSIGN_OR_RETURN(DealtSplits dealt, DealSplits(spec, input));
  Plan plan;
  plan.members_ = std::move(dealt.members);
  plan.notes_ = std::move(dealt.notes);
  for (size_t i = 0; i < spec.splits.size(); ++i) {
    const int64_t member_count = plan.members_[i].size();
    MemberValues values = ValuesOf(spec.splits[i].order, plan.members_[i], input);
    AppendDrawNotes(spec.splits[i].name, member_count, values, &plan.notes_);
    MILLRACE_ASSIGN_OR_RETURN(auto order, SplitOrder::Create(spec, i, member_count, std::move(values)));
    plan.splits_.push_back({.name = spec.splits[i].name,
                            .member_count = member_count,
                            .sample_count = order->sample_count(),
                            .batch_count = BatchCount(order->sample_count(), spec.batch_size, spec.last_batch)});
    plan.orders_.push_back(std::move(order));
  }
  plan.spec_ = std::move(spec);
  plan.row_count_ = input.row_count;
  plan.selection_ = std::move(input.selection);
  AppendSplitNotes(plan, &plan.notes_);
  return plan;
}

absl::StatusOr<Plan> Plan::Open(PlanSpec spec, int64_t row_count) {
  PlanInput input;
  input.row_count = row_count;
  return Open(std::move(spec), std::move(input));
}

}  // namespace millrace
