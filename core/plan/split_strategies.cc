#include "core/plan/split_strategies.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/plan/permutation.h"

namespace millrace {
namespace {

// Elements are stored in 32 bits.
constexpr int64_t kStoredSizeMax = int64_t{1} << 32;

absl::Status CheckSize(const PlanSpec& spec, const PlanInput& input) {
  if (input.row_count == 0) {
    return MakeError(Reason::kSnapshotEmpty,
                     absl::StrCat("the snapshot ", spec.snapshot, " holds no posts to plan over"),
                     {{"snapshot", spec.snapshot}});
  }
  const int64_t size = SelectionSize(input);
  if (size == 0) {
    return MakeError(Reason::kSelectionEmpty,
                     absl::StrCat("none of the ", input.row_count, " posts of the snapshot matches the query ",
                                  QuoteForMessage(spec.query), "; ask for less"),
                     {{"query", spec.query}, {"snapshot", spec.snapshot}});
  }
  const bool is_computed = spec.strategy == SplitStrategy::kExact && spec.unit == SplitUnit::kPost &&
                           std::all_of(spec.splits.begin(), spec.splits.end(), [](const SplitSpec& split) {
                             return split.order == OrderKind::kEpoch || split.order == OrderKind::kFixed;
                           });
  const int64_t size_max = is_computed ? Permutation::kSizeMax : kStoredSizeMax;
  if (size >= 0 && size <= size_max) return absl::OkStatus();
  return FieldError("spec.query", absl::StrCat("selects ", size, " posts, and plans of this kind take up to ", size_max,
                                               "; select fewer"));
}

absl::Status CheckInput(const PlanSpec& spec, const PlanInput& input) {
  const PlanNeeds needs = NeedsOf(spec);
  const auto check = [&](bool is_needed, size_t count, const char* what) {
    if (!is_needed || count == static_cast<size_t>(SelectionSize(input))) return absl::OkStatus();
    return MakeError(Reason::kInternal, absl::StrCat("the plan was given ", count, " ", what, " for ",
                                                     SelectionSize(input), " selected posts"));
  };
  MILLRACE_RETURN_IF_ERROR(check(needs.post_ids, input.post_ids.size(), "post ids"));
  MILLRACE_RETURN_IF_ERROR(check(needs.unit_keys, input.unit_keys.size(), "unit keys"));
  MILLRACE_RETURN_IF_ERROR(check(needs.strata, input.strata.size(), "strata"));
  MILLRACE_RETURN_IF_ERROR(check(needs.weights, input.weights.size(), "weights"));
  return check(needs.mix_parts, input.mix_parts.size(), "parts of the mix");
}

}  // namespace

int64_t SelectionSize(const PlanInput& input) {
  return input.selection.has_value() ? input.selection->size() : input.row_count;
}

std::vector<int64_t> SharesOf(const PlanSpec& spec) {
  std::vector<int64_t> shares;
  for (const SplitSpec& split : spec.splits) shares.push_back(split.share);
  return shares;
}

absl::StatusOr<DealtSplits> DealSplits(const PlanSpec& spec, const PlanInput& input) {
  MILLRACE_RETURN_IF_ERROR(CheckSize(spec, input));
  MILLRACE_RETURN_IF_ERROR(CheckInput(spec, input));
  switch (spec.strategy) {
    case SplitStrategy::kExact:
      return DealExact(spec, input);
    case SplitStrategy::kHash:
      return DealHash(spec, input);
    case SplitStrategy::kIdRange:
      return DealIdRange(spec, input);
    case SplitStrategy::kStratified:
      return DealStratified(spec, input);
    case SplitStrategy::kPartitioned:
      return DealPartitioned(spec, input);
  }
  return FieldError("spec.strategy", absl::StrCat("is the unknown value ", static_cast<int>(spec.strategy)));
}

}  // namespace millrace
