#include "core/batch/explain_units.h"

#include <algorithm>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/batch/explain_text.h"
#include "core/batch/plan_input_reader.h"
#include "core/plan/key.h"
#include "core/plan/permutation.h"
#include "core/plan/split.h"
#include "core/plan/split_strategies.h"
#include "core/plan/split_units.h"

namespace millrace {
namespace {

// What is dealt in one go: all units, those of a stratum, or those of the rest.
struct Deal {
  std::vector<uint32_t> units;  // ascending
  PermutationKey key;
  std::string key_name;
  std::string of;  // "the selection", "the stratum", "the rest"
};

absl::StatusOr<std::string> StratumText(const StratifySpec& stratify, const Snapshot& snapshot, int64_t number) {
  switch (stratify.by) {
    case StratifyBy::kRating:
      return absl::StrCat("rating ", std::string(RatingName(static_cast<Rating>(number))));
    case StratifyBy::kTag:
      return absl::StrCat(number == 1 ? "with" : "without", " the tag ", stratify.tag);
    case StratifyBy::kCategory: {
      const std::string category(TagCategoryName(stratify.category));
      if (number == 0) return absl::StrCat("without a tag of category ", category);
      MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag, snapshot.FindTag(number - 1));
      return absl::StrCat("rarest tag of category ", category, ": ", tag.has_value() ? tag->name : "", ", id ",
                          number - 1);
    }
  }
  return absl::StrCat(number);
}

// Takes the units of the post's stratum, or of the rest, and says which that is.
absl::StatusOr<Deal> DealOfStratum(const PlanSpec& spec, const Snapshot& snapshot, const PlanInput& input,
                                   const UnitTable& table, uint32_t unit, std::vector<std::string>* sentences) {
  absl::flat_hash_map<int64_t, int64_t> unit_counts;
  for (const uint32_t first : table.first) ++unit_counts[input.strata[first]];
  const int64_t sharing_count =
      std::count_if(spec.splits.begin(), spec.splits.end(), [](const SplitSpec& split) { return split.share > 0; });
  const int64_t number = input.strata[table.first[unit]];
  const bool is_rest = unit_counts[number] < sharing_count;
  Deal deal;
  for (size_t other = 0; other < table.unit_count(); ++other) {
    const int64_t its = input.strata[table.first[other]];
    if (is_rest ? unit_counts[its] < sharing_count : its == number) deal.units.push_back(static_cast<uint32_t>(other));
  }
  MILLRACE_ASSIGN_OR_RETURN(std::string text, StratumText(*spec.stratify, snapshot, number));
  text = absl::StrCat("stratum ", number, ": ", text);
  if (is_rest) {
    absl::StrAppend(&text, "; its ", CountOf(unit_counts[number], "unit is", "units are"), " fewer than the ",
                    sharing_count, " splits with a share, so that it is dealt with the rest");
    deal.key = LabelledKey("millrace.v1.strata_rest", spec.seed, "", 0);
    deal.key_name = KeyName("millrace.v1.strata_rest", spec.seed, "", 0);
    deal.of = "the rest";
  } else {
    deal.key = LabelledKey("millrace.v1.stratum", spec.seed, "", static_cast<uint64_t>(number));
    deal.key_name = KeyName("millrace.v1.stratum", spec.seed, "", static_cast<uint64_t>(number));
    deal.of = "the stratum";
  }
  sentences->push_back(std::move(text));
  return deal;
}

}  // namespace

CutPlace FindCut(absl::Span<const int64_t> counts, int64_t place) {
  CutPlace cut;
  cut.place = place;
  for (; place >= cut.start + counts[cut.split]; ++cut.split) cut.start += counts[cut.split];
  cut.count = counts[cut.split];
  return cut;
}

std::string CutText(const PlanSpec& spec, std::string_view what, int64_t total, const CutPlace& cut) {
  return absl::StrCat("counts(", total, "; ", SharesText(spec), ") gives split ", spec.splits[cut.split].name, " the ",
                      RangeText(what, cut.start, cut.count));
}

absl::StatusOr<std::string> UnitText(const PlanSpec& spec, const Snapshot& snapshot, const UnitKey& key) {
  if (key.kind == 0) return std::string("the post itself");
  switch (spec.unit) {
    case SplitUnit::kPost:
      break;
    case SplitUnit::kParent:
      return absl::StrCat("parent family of post ", key.id);
    case SplitUnit::kArtist: {
      MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag, snapshot.FindTag(key.id));
      return absl::StrCat("artist ", tag.has_value() ? tag->name : "", ", tag id ", key.id);
    }
    case SplitUnit::kPool:
      return absl::StrCat("pool ", key.id);
  }
  return MakeError(Reason::kInternal, "a group of posts in a plan over posts");
}

absl::StatusOr<SplitReasons> ExplainDealtUnits(const PlanSpec& spec, const Snapshot& snapshot, const SelectedPost& post,
                                               const Cancelled& cancelled) {
  PlanSpec strategy = spec;
  // What only orders look at need not be read.
  for (SplitSpec& split : strategy.splits) split.order = OrderKind::kSequential;
  MILLRACE_ASSIGN_OR_RETURN(const PlanInput input, ReadPlanInput(strategy, snapshot, cancelled));
  const UnitTable table = UnitsOf(spec, input, SelectionSize(input));
  const uint32_t unit = table.unit_of[static_cast<size_t>(post.element)];

  SplitReasons reasons;
  if (spec.unit != SplitUnit::kPost) {
    MILLRACE_ASSIGN_OR_RETURN(const std::string text,
                              UnitText(spec, snapshot, input.unit_keys[static_cast<size_t>(post.element)]));
    reasons.sentences.push_back(absl::StrCat("unit: ", text, " (", CountOf(table.size[unit], "post", "posts"),
                                             " of the selection, the first is element ", table.first[unit], ")"));
  }
  Deal deal;
  if (spec.strategy == SplitStrategy::kStratified) {
    MILLRACE_ASSIGN_OR_RETURN(deal, DealOfStratum(spec, snapshot, input, table, unit, &reasons.sentences));
  } else {
    deal.units.resize(table.unit_count());
    std::iota(deal.units.begin(), deal.units.end(), 0u);
    deal.key = SelectionKey(spec.seed);
    deal.key_name = absl::StrCat("selection_key(", spec.seed, ")");
    deal.of = "the selection";
  }

  const int64_t unit_count = static_cast<int64_t>(deal.units.size());
  const int64_t number = std::lower_bound(deal.units.begin(), deal.units.end(), unit) - deal.units.begin();
  MILLRACE_ASSIGN_OR_RETURN(const Permutation dealt, Permutation::Create(unit_count, deal.key));
  const int64_t turn = dealt.IndexOf(number);
  int64_t element_count = 0;
  for (const uint32_t other : deal.units) element_count += table.size[other];
  int64_t place = 0;
  for (int64_t i = 0; i < turn; ++i) place += table.size[deal.units[static_cast<size_t>(dealt.At(i))]];
  const CutPlace cut = FindCut(ExactCounts(element_count, SharesOf(spec)), place);
  reasons.split = cut.split;
  reasons.sentences.push_back(
      absl::StrCat("of the ", CountOf(unit_count, "unit", "units"), " of ", deal.of, " it is number ", number, "; ",
                   PermutationText(unit_count, deal.key_name, deal.key), " has it at place ", turn));
  reasons.sentences.push_back(
      absl::StrCat("laid out in that order, its first post is at place ", place, " of ", CountText(element_count)));
  reasons.sentences.push_back(CutText(spec, "places", element_count, cut));
  return reasons;
}

}  // namespace millrace
