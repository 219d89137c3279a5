// The strategy `id_range`: the field's convention, ids modulo a number.
#include <algorithm>

#include "core/plan/split_assignment.h"
#include "core/plan/split_strategies.h"

namespace millrace {
namespace {

struct PlacedRange {
  IdRange range;
  SplitNumber split;
};

// Of all splits, ascending.
std::vector<PlacedRange> RangesOf(const PlanSpec& spec) {
  std::vector<PlacedRange> ranges;
  for (size_t split = 0; split < spec.splits.size(); ++split) {
    for (const IdRange& range : spec.splits[split].ranges) ranges.push_back({range, static_cast<SplitNumber>(split)});
  }
  std::sort(ranges.begin(), ranges.end(), [](const PlacedRange& a, const PlacedRange& b) { return a.range < b.range; });
  return ranges;
}

SplitNumber SplitOf(absl::Span<const PlacedRange> ranges, int64_t residue) {
  const auto after =
      std::upper_bound(ranges.begin(), ranges.end(), residue,
                       [](int64_t value, const PlacedRange& placed) { return value < placed.range.first; });
  if (after == ranges.begin()) return kNoSplit;
  const PlacedRange& placed = *(after - 1);
  return residue <= placed.range.last ? placed.split : kNoSplit;
}

}  // namespace

absl::StatusOr<DealtSplits> DealIdRange(const PlanSpec& spec, const PlanInput& input) {
  const std::vector<PlacedRange> ranges = RangesOf(spec);
  std::vector<SplitNumber> assignment;
  assignment.reserve(input.post_ids.size());
  for (const int64_t id : input.post_ids) {
    const int64_t remainder = id % spec.modulus;  // below 0 for negative ids
    assignment.push_back(SplitOf(ranges, remainder < 0 ? remainder + spec.modulus : remainder));
  }
  return DealtSplits{AscendingMembers(assignment, spec.splits.size()), {}};
}

}  // namespace millrace
