// The strategy `stratified`: `exact` within every stratum, and in a rest of the strata that are too small for it.
#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/plan/split.h"
#include "core/plan/split_assignment.h"
#include "core/plan/split_strategies.h"
#include "core/plan/split_units.h"

namespace millrace {
namespace {

// Strata of the rest that a note names.
constexpr size_t kNamedStratumCountMax = 5;

struct Stratum {
  int64_t number = 0;
  std::vector<uint32_t> units;  // ascending
};

// Ascending by number.
std::vector<Stratum> StrataOf(const UnitTable& table, absl::Span<const int64_t> strata_of_elements) {
  std::vector<Stratum> strata;
  absl::flat_hash_map<int64_t, size_t> places;
  for (size_t unit = 0; unit < table.unit_count(); ++unit) {
    const int64_t number = strata_of_elements[table.first[unit]];
    const auto [entry, is_new] = places.try_emplace(number, strata.size());
    if (is_new) strata.push_back({number, {}});
    strata[entry->second].units.push_back(static_cast<uint32_t>(unit));
  }
  std::sort(strata.begin(), strata.end(), [](const Stratum& a, const Stratum& b) { return a.number < b.number; });
  return strata;
}

int64_t ElementCount(const UnitTable& table, absl::Span<const uint32_t> units) {
  int64_t count = 0;
  for (const uint32_t unit : units) count += table.size[unit];
  return count;
}

std::string StratumText(const StratifySpec& stratify, int64_t number) {
  switch (stratify.by) {
    case StratifyBy::kRating:
      return absl::StrCat("rating ", std::string(RatingName(static_cast<Rating>(number))));
    case StratifyBy::kTag:
      return absl::StrCat(number == 1 ? "with" : "without", " the tag ", stratify.tag);
    case StratifyBy::kCategory:
      return number == 0 ? "no tag of the category" : absl::StrCat("tag id ", number - 1);
  }
  return absl::StrCat(number);
}

std::string RestNote(const StratifySpec& stratify, absl::Span<const Stratum> small, int64_t post_count,
                     size_t sharing_count) {
  std::vector<std::string> names;
  for (const Stratum& stratum : small.subspan(0, kNamedStratumCountMax)) {
    names.push_back(StratumText(stratify, stratum.number));
  }
  return absl::StrCat(small.size(), small.size() == 1 ? " stratum has" : " strata have", " fewer units than the ",
                      sharing_count, " splits with a share, so that ", post_count,
                      " posts were divided as one stratum, the rest: ", absl::StrJoin(names, ", "),
                      small.size() > names.size() ? ", and others." : ".");
}

// Deals one stratum after the other.
class StratumDealer {
 public:
  StratumDealer(const PlanSpec& spec, const UnitTable& table)
      : spec_(spec), table_(table), split_of_unit_(table.unit_count()), tallies_(spec.splits.size()) {}

  absl::Status Deal(const PermutationKey& key, absl::Span<const uint32_t> units) {
    MILLRACE_ASSIGN_OR_RETURN(const Permutation dealt, Permutation::Create(static_cast<int64_t>(units.size()), key));
    DealUnits(dealt, units, table_, ExactCounts(ElementCount(table_, units), SharesOf(spec_)),
              absl::MakeSpan(split_of_unit_), absl::MakeSpan(tallies_));
    return absl::OkStatus();
  }

  absl::Span<const SplitNumber> split_of_unit() const { return split_of_unit_; }
  absl::Span<const SplitTally> tallies() const { return tallies_; }

 private:
  const PlanSpec& spec_;
  const UnitTable& table_;
  std::vector<SplitNumber> split_of_unit_;
  std::vector<SplitTally> tallies_;
};

}  // namespace

absl::StatusOr<DealtSplits> DealStratified(const PlanSpec& spec, const PlanInput& input) {
  const UnitTable table = UnitsOf(spec, input, SelectionSize(input));
  std::vector<Stratum> strata = StrataOf(table, input.strata);
  const size_t sharing_count = static_cast<size_t>(
      std::count_if(spec.splits.begin(), spec.splits.end(), [](const SplitSpec& split) { return split.share > 0; }));
  const auto small_begin = std::stable_partition(
      strata.begin(), strata.end(), [&](const Stratum& stratum) { return stratum.units.size() >= sharing_count; });

  StratumDealer dealer(spec, table);
  for (auto stratum = strata.begin(); stratum != small_begin; ++stratum) {
    const PermutationKey key =
        LabelledKey("millrace.v1.stratum", spec.seed, "", static_cast<uint64_t>(stratum->number));
    MILLRACE_RETURN_IF_ERROR(dealer.Deal(key, stratum->units));
  }
  DealtSplits dealt;
  if (small_begin != strata.end()) {
    std::vector<uint32_t> rest;
    for (auto stratum = small_begin; stratum != strata.end(); ++stratum) {
      rest.insert(rest.end(), stratum->units.begin(), stratum->units.end());
    }
    std::sort(rest.begin(), rest.end());
    MILLRACE_RETURN_IF_ERROR(dealer.Deal(LabelledKey("millrace.v1.strata_rest", spec.seed, "", 0), rest));
    dealt.notes.push_back(
        RestNote(*spec.stratify, absl::MakeConstSpan(strata).subspan(static_cast<size_t>(small_begin - strata.begin())),
                 ElementCount(table, rest), sharing_count));
  }
  dealt.members = AscendingMembers(AssignByUnit(table, dealer.split_of_unit()), spec.splits.size());
  for (std::string& note : UnitNotes(spec, input, table, dealer.tallies(), dealt.members)) {
    dealt.notes.push_back(std::move(note));
  }
  return dealt;
}

}  // namespace millrace
