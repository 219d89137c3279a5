// The strategy `exact`: a permutation of posts or units, cut at exact counts.
#include <algorithm>
#include <array>
#include <numeric>

#include "core/base/error.h"
#include "core/plan/split.h"
#include "core/plan/split_assignment.h"
#include "core/plan/split_strategies.h"
#include "core/plan/split_units.h"

namespace millrace {
namespace {

constexpr int64_t kDealBlock = 1024;

// These orders shuffle the members once more, so that their sequence may be the one in which they were dealt.
bool TakesDealt(OrderKind order) { return order == OrderKind::kEpoch || order == OrderKind::kFixed; }

void AssignRange(const Permutation& dealt, int64_t first, int64_t count, SplitNumber split,
                 absl::Span<SplitNumber> assignment) {
  std::array<int64_t, kDealBlock> block;
  for (int64_t done = 0; done < count; done += kDealBlock) {
    const absl::Span<int64_t> part = absl::MakeSpan(block).subspan(0, static_cast<size_t>(count - done));
    dealt.Fill(first + done, part);
    for (const int64_t element : part) assignment[static_cast<size_t>(element)] = split;
  }
}

absl::StatusOr<DealtSplits> DealPosts(const PlanSpec& spec, const PlanInput& input) {
  const int64_t size = SelectionSize(input);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation dealt, Permutation::Create(size, SelectionKey(spec.seed)));
  const std::vector<int64_t> counts = ExactCounts(size, SharesOf(spec));
  const bool is_computed = std::all_of(spec.splits.begin(), spec.splits.end(),
                                       [](const SplitSpec& split) { return TakesDealt(split.order); });
  std::vector<SplitNumber> assignment;
  if (!is_computed) assignment.assign(static_cast<size_t>(size), kNoSplit);
  std::vector<SplitMembers> ranges;
  int64_t start = 0;
  for (size_t split = 0; split < counts.size(); ++split) {
    ranges.push_back(SplitMembers::Dealt(dealt, start, counts[split]));
    if (!TakesDealt(spec.splits[split].order)) {
      AssignRange(dealt, start, counts[split], static_cast<SplitNumber>(split), absl::MakeSpan(assignment));
    }
    start += counts[split];
  }
  if (is_computed) return DealtSplits{std::move(ranges), {}};
  std::vector<SplitMembers> members = AscendingMembers(assignment, counts.size());
  for (size_t split = 0; split < counts.size(); ++split) {
    if (TakesDealt(spec.splits[split].order)) members[split] = std::move(ranges[split]);
  }
  return DealtSplits{std::move(members), {}};
}

absl::StatusOr<DealtSplits> DealByUnits(const PlanSpec& spec, const PlanInput& input) {
  const int64_t size = SelectionSize(input);
  const UnitTable table = UnitsOf(spec, input, size);
  MILLRACE_ASSIGN_OR_RETURN(const Permutation dealt,
                            Permutation::Create(static_cast<int64_t>(table.unit_count()), SelectionKey(spec.seed)));
  std::vector<uint32_t> units(table.unit_count());
  std::iota(units.begin(), units.end(), 0u);
  std::vector<SplitNumber> split_of_unit(table.unit_count());
  std::vector<SplitTally> tallies(spec.splits.size());
  DealUnits(dealt, units, table, ExactCounts(size, SharesOf(spec)), absl::MakeSpan(split_of_unit),
            absl::MakeSpan(tallies));
  std::vector<SplitMembers> members = AscendingMembers(AssignByUnit(table, split_of_unit), spec.splits.size());
  std::vector<std::string> notes = UnitNotes(spec, input, table, tallies, members);
  return DealtSplits{std::move(members), std::move(notes)};
}

}  // namespace

absl::StatusOr<DealtSplits> DealExact(const PlanSpec& spec, const PlanInput& input) {
  return spec.unit == SplitUnit::kPost ? DealPosts(spec, input) : DealByUnits(spec, input);
}

}  // namespace millrace
