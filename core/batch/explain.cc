#include "core/batch/explain.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/batch/explain_order.h"
#include "core/batch/explain_selection.h"
#include "core/batch/explain_split.h"
#include "core/batch/explain_text.h"
#include "core/batch/plan_input_reader.h"

namespace millrace {
namespace {

bool Draws(OrderKind order) { return order == OrderKind::kWeighted || order == OrderKind::kMixed; }

// Of a split whose order draws; nothing of others.
absl::StatusOr<MemberValues> ReadMemberValues(const Plan& plan, const Snapshot& snapshot, size_t split,
                                              const Cancelled& cancelled) {
  MemberValues values;
  if (!Draws(plan.spec().splits[split].order)) return values;
  PlanSpec orders = plan.spec();
  // What only strategies look at need not be read.
  orders.strategy = SplitStrategy::kExact;
  orders.unit = SplitUnit::kPost;
  MILLRACE_ASSIGN_OR_RETURN(const PlanInput input, ReadPlanInput(orders, snapshot, cancelled));
  std::vector<int64_t> elements(static_cast<size_t>(plan.splits()[split].member_count));
  std::iota(elements.begin(), elements.end(), int64_t{0});
  plan.RowsOfMembers(split, absl::MakeSpan(elements));
  for (int64_t& element : elements) element = plan.ElementOf(element).value_or(0);
  for (const int64_t element : elements) {
    const size_t index = static_cast<size_t>(element);
    if (!input.weights.empty()) values.weights.push_back(input.weights[index]);
    if (!input.mix_parts.empty()) values.mix_parts.push_back(input.mix_parts[index]);
  }
  return values;
}

std::string StepText(const Plan& plan, const Appearance& first, size_t appearance_count) {
  std::string text = absl::StrCat("sample ", first.sample, " is place ", first.global_index, " of step ", first.step,
                                  ": steps have ", CountOf(plan.spec().batch_size, "sample", "samples"));
  if (appearance_count > 1) {
    absl::StrAppend(&text, "; it appears ", appearance_count == kAppearanceCountMax ? "at least " : "",
                    CountText(appearance_count), " times");
  }
  return text;
}

// The epoch's samples that are the member; says why when there are none, or when they are not looked for.
absl::StatusOr<std::vector<int64_t>> FindSamples(const Plan& plan, Membership found, int64_t epoch,
                                                 std::vector<std::string>* reasons) {
  const SplitInfo& info = plan.splits()[found.split];
  const PlanSpec& spec = plan.spec();
  const bool is_searched = spec.splits[found.split].order == OrderKind::kWeighted && spec.weights->replacement;
  if (is_searched && info.sample_count > kSearchedSampleCountMax) {
    reasons->push_back(absl::StrCat("the epoch's ", CountText(info.sample_count),
                                    " draws were not looked through: at most ", CountText(kSearchedSampleCountMax),
                                    " are"));
    return std::vector<int64_t>();
  }
  MILLRACE_ASSIGN_OR_RETURN(const EpochOrder order, plan.OpenEpoch(found.split, epoch));
  std::vector<int64_t> samples = order.sequence().Find(found.member, kAppearanceCountMax);
  if (samples.empty()) reasons->push_back(absl::StrCat("epoch ", epoch, " does not draw it"));
  return samples;
}

// Adds where the epoch has the member, and why.
absl::Status ExplainMember(const Plan& plan, const Snapshot& snapshot, Membership found, int64_t epoch,
                           const Cancelled& cancelled, PostExplanation* explanation) {
  const PlanSpec& spec = plan.spec();
  const SplitInfo& info = plan.splits()[found.split];
  std::vector<std::string>& reasons = explanation->reasons;
  reasons.push_back(
      absl::StrCat("member ", found.member, " of ", CountText(info.member_count), " of split ", info.name));
  const OrderKind order = spec.splits[found.split].order;
  if (Draws(order)) {
    MILLRACE_ASSIGN_OR_RETURN(std::string text, DrawingText(spec, snapshot, order, explanation->row, cancelled));
    reasons.push_back(std::move(text));
  }
  MILLRACE_ASSIGN_OR_RETURN(const MemberValues values, ReadMemberValues(plan, snapshot, found.split, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(
      std::vector<std::string> why,
      ExplainOrder({spec, found.split, info.member_count, info.sample_count, values}, epoch, found.member));
  std::move(why.begin(), why.end(), std::back_inserter(reasons));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<int64_t> samples, FindSamples(plan, found, epoch, &reasons));
  explanation->appearances = AppearancesOf(samples, info.sample_count, spec.batch_size, spec.last_batch);
  if (!explanation->appearances.empty()) {
    reasons.push_back(StepText(plan, explanation->appearances.front(), explanation->appearances.size()));
  } else if (!samples.empty()) {
    reasons.push_back(absl::StrCat("sample ", samples.front(), " is left out: the epoch's ",
                                   CountOf(info.batch_count, "step has", "steps have"), " the samples before ",
                                   info.batch_count * spec.batch_size));
  }
  return absl::OkStatus();
}

std::string SplitName(const PlanSpec& spec, std::optional<size_t> split) {
  return split.has_value() ? spec.splits[*split].name : "none";
}

absl::Status CheckEpoch(int64_t epoch) {
  if (epoch >= 0 && epoch <= kEpochMax) return absl::OkStatus();
  return FieldError("epoch", absl::StrCat("is ", epoch, "; give 0 to ", kEpochMax));
}

}  // namespace

std::vector<Appearance> AppearancesOf(const std::vector<int64_t>& samples, int64_t sample_count, int64_t batch_size,
                                      LastBatch last_batch) {
  std::vector<Appearance> appearances;
  const int64_t whole_count = sample_count / batch_size * batch_size;
  int64_t end = sample_count;  // of the numbers that steps hold
  if (last_batch == LastBatch::kDrop) end = whole_count;
  if (last_batch == LastBatch::kPad && whole_count < sample_count) end = whole_count + batch_size;
  // In a padded batch that is larger than the split, the epoch goes round more than once.
  for (int64_t round_start = 0; round_start < end; round_start += sample_count) {
    for (const int64_t sample : samples) {
      const int64_t number = round_start + sample;
      if (number >= end || appearances.size() == kAppearanceCountMax) return appearances;
      appearances.push_back({number / batch_size, number % batch_size, sample, round_start > 0});
    }
    if (samples.empty()) break;
  }
  return appearances;
}

absl::StatusOr<PostExplanation> ExplainPost(const Plan& plan, const Snapshot& snapshot, int64_t post_id, int64_t epoch,
                                            const Cancelled& cancelled) {
  MILLRACE_RETURN_IF_ERROR(CheckEpoch(epoch));
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row, snapshot.FindRow(post_id));
  if (!row.has_value()) {
    return MakeError(Reason::kPostNotFound,
                     absl::StrCat("snapshot ", snapshot.digest(), " of the plan has no post ", post_id),
                     {{"post_id", absl::StrCat(post_id)}, {"snapshot", snapshot.digest()}});
  }
  const PlanSpec& spec = plan.spec();
  const std::optional<int64_t> element = plan.ElementOf(*row);
  PostExplanation explanation;
  explanation.row = *row;
  explanation.is_selected = element.has_value();
  explanation.reasons.push_back(absl::StrCat("row ", *row, " of snapshot ", snapshot.digest(), ", which has ",
                                             CountOf(snapshot.post_count(), "post", "posts")));
  MILLRACE_ASSIGN_OR_RETURN(std::string selection, ExplainSelection(spec.query, snapshot, spec.tags, *row, element,
                                                                    plan.selection_size(), cancelled));
  explanation.reasons.push_back(std::move(selection));
  if (!element.has_value()) return explanation;

  MILLRACE_ASSIGN_OR_RETURN(SplitReasons split,
                            ExplainSplit(spec, snapshot, plan.selection_size(), {post_id, *row, *element}, cancelled));
  std::move(split.sentences.begin(), split.sentences.end(), std::back_inserter(explanation.reasons));
  const std::optional<Membership> found = plan.FindRow(*row);
  explanation.split = found.has_value() ? std::optional(found->split) : std::nullopt;
  if (explanation.split != split.split) {
    return MakeError(Reason::kInternal,
                     absl::StrCat("post ", post_id, " is served in split ", SplitName(spec, explanation.split),
                                  ", but its explanation gives split ", SplitName(spec, split.split)));
  }
  if (found.has_value()) {
    MILLRACE_RETURN_IF_ERROR(ExplainMember(plan, snapshot, *found, epoch, cancelled, &explanation));
  }
  return explanation;
}

absl::StatusOr<StepExplanation> ExplainStep(const Plan& plan, const Snapshot& snapshot, size_t split,
                                            Position position) {
  MILLRACE_ASSIGN_OR_RETURN(const BatchSlice slice, plan.Slice(split, position, Rank{}));
  MILLRACE_ASSIGN_OR_RETURN(const EpochOrder order, plan.OpenEpoch(split, position.epoch));
  const SplitInfo& info = plan.splits()[split];
  const PlanSpec& spec = plan.spec();
  StepExplanation explanation;
  explanation.sample_count = slice.global_sample_count;
  const MemberValues values;  // sentences about no member in particular need none
  explanation.reasons = {
      absl::StrCat("split ", info.name, " has ", CountOf(info.member_count, "member", "members"), " of the ",
                   CountOf(plan.selection_size(), "post", "posts"), " selected from snapshot ", snapshot.digest()),
      absl::StrCat("an epoch has ", CountOf(info.sample_count, "sample", "samples"), " in ",
                   CountOf(info.batch_count, "step", "steps"), " of ", CountText(spec.batch_size)),
      OrderText({spec, split, info.member_count, info.sample_count, values}, position.epoch),
      absl::StrCat("step ", position.step, " of epoch ", position.epoch, " has ",
                   RangeText("samples", slice.first_sample, slice.global_sample_count - slice.padding_count))};
  if (slice.padding_count > 0) {
    explanation.reasons.push_back(
        absl::StrCat("and ", CountOf(slice.padding_count, "repeat", "repeats"), " from the epoch's start, as padding"));
  }

  std::vector<int64_t> members(static_cast<size_t>(std::min(slice.sample_count, kExplainedSampleCountMax)));
  order.Members(slice.first_sample, absl::MakeSpan(members));
  std::vector<int64_t> rows = members;
  plan.RowsOfMembers(split, absl::MakeSpan(rows));
  std::vector<int64_t> post_ids(rows.size());
  MILLRACE_RETURN_IF_ERROR(snapshot.ReadPostIds(rows, absl::MakeSpan(post_ids)));
  explanation.samples.reserve(members.size());
  for (size_t i = 0; i < members.size(); ++i) {
    const int64_t number = slice.first_sample + static_cast<int64_t>(i);
    explanation.samples.push_back({.sample = number % info.sample_count,
                                   .member = members[i],
                                   .row = rows[i],
                                   .post_id = post_ids[i],
                                   .is_padding = number >= info.sample_count});
  }
  return explanation;
}

}  // namespace millrace
