#include "core/plan/plan_notes.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/plan/plan_input.h"

namespace millrace {
namespace {

template <typename Value>
void AppendNeverDrawn(std::string_view split, int64_t member_count, const std::vector<Value>& values, Value never,
                      const char* why, std::vector<std::string>* notes) {
  const auto count = std::count(values.begin(), values.end(), never);
  if (count == 0) return;
  notes->push_back(absl::StrCat(count, " of the ", member_count, " posts of split \"", std::string(split), "\" ", why,
                                " and are never drawn."));
}

std::string UnassignedNote(const Plan& plan) {
  const std::string counts =
      absl::StrCat(plan.unassigned_count(), " of the ", plan.selection_size(), " selected posts are in no split");
  if (plan.spec().strategy == SplitStrategy::kIdRange) {
    return absl::StrCat(counts, ": no range holds their ids modulo ", plan.spec().modulus, ".");
  }
  return absl::StrCat(counts, ": half coverage serves ", plan.spec().batch_size, " of every ",
                      2 * plan.spec().batch_size, " posts, and none of those left at the end.");
}

}  // namespace

void AppendDrawNotes(std::string_view split, int64_t member_count, const MemberValues& values,
                     std::vector<std::string>* notes) {
  AppendNeverDrawn(split, member_count, values.weights, int64_t{0}, "have the weight 0", notes);
  AppendNeverDrawn(split, member_count, values.mix_parts, kNoMixPart, "match no part of the mix", notes);
}

void AppendSplitNotes(const Plan& plan, std::vector<std::string>* notes) {
  for (size_t i = 0; i < plan.splits().size(); ++i) {
    const bool wants_posts = plan.spec().splits[i].share > 0 || plan.spec().strategy == SplitStrategy::kIdRange;
    if (!wants_posts || plan.splits()[i].member_count > 0) continue;
    notes->push_back(
        absl::StrCat("Split \"", plan.splits()[i].name, "\" got no posts, so that its epochs have no steps."));
  }
  if (plan.unassigned_count() > 0) notes->push_back(UnassignedNote(plan));
}

}  // namespace millrace
