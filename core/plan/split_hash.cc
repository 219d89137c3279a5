// The strategy `hash`: a unit's split depends on the seed, the shares and the unit's key alone.
#include <algorithm>
#include <array>
#include <numeric>

#include "core/plan/hash.h"
#include "core/plan/hash_ids.h"
#include "core/plan/key.h"
#include "core/plan/split.h"
#include "core/plan/split_assignment.h"
#include "core/plan/split_strategies.h"
#include "core/plan/split_units.h"

namespace millrace {
namespace {

// Divides the hashes in proportion to the shares.
class HashCuts {
 public:
  explicit HashCuts(absl::Span<const int64_t> shares) {
    using Wide = unsigned __int128;
    const Wide share_sum = std::accumulate(shares.begin(), shares.end(), Wide{0},
                                           [](Wide sum, int64_t share) { return sum + static_cast<Wide>(share); });
    Wide before = 0;
    for (const int64_t share : shares) {
      before += static_cast<Wide>(share);
      if (before < share_sum) ends_.push_back(static_cast<uint64_t>((before << 64) / share_sum));
    }
    for (size_t byte = 0; byte < first_.size(); ++byte) first_[byte] = Search(uint64_t{byte} << 56);
  }

  SplitNumber SplitOf(uint64_t hash) const {
    // Most bytes lie within one split, so that the loop's end is foreseen.
    size_t split = first_[hash >> 56];
    while (split < ends_.size() && hash >= ends_[split]) ++split;
    return static_cast<SplitNumber>(split);
  }

 private:
  SplitNumber Search(uint64_t hash) const {
    return static_cast<SplitNumber>(std::upper_bound(ends_.begin(), ends_.end(), hash) - ends_.begin());
  }

  std::vector<uint64_t> ends_;               // of all splits but the last with a share, whose end is 2^64
  std::array<SplitNumber, 256> first_ = {};  // by the highest byte: the split of its smallest hash
};

std::vector<SplitMembers> DealPosts(const HashCuts& cuts, const RoundWords& words, absl::Span<const int64_t> ids,
                                    size_t split_count) {
  constexpr size_t kBlock = 256;
  std::array<uint64_t, kBlock> hashes;
  std::vector<SplitNumber> assignment(ids.size());
  for (size_t start = 0; start < ids.size(); start += kBlock) {
    const absl::Span<const int64_t> block = ids.subspan(start, kBlock);
    HashIds(words, 0, block, absl::MakeSpan(hashes));
    for (size_t i = 0; i < block.size(); ++i) assignment[start + i] = cuts.SplitOf(hashes[i]);
  }
  return AscendingMembers(assignment, split_count);
}

DealtSplits DealByUnits(const PlanSpec& spec, const PlanInput& input, const HashCuts& cuts, const RoundWords& words) {
  const int64_t size = SelectionSize(input);
  const UnitTable table = UnitsOf(spec, input, size);
  std::vector<SplitNumber> split_of_unit(table.unit_count());
  std::vector<SplitTally> tallies(spec.splits.size());
  const std::vector<int64_t> targets = ExactCounts(size, SharesOf(spec));
  for (size_t split = 0; split < targets.size(); ++split) tallies[split].target = targets[split];
  for (size_t unit = 0; unit < table.unit_count(); ++unit) {
    const UnitKey& key = input.unit_keys[table.first[unit]];
    split_of_unit[unit] = cuts.SplitOf(Hash64(words, key.kind, static_cast<uint64_t>(key.id)));
    tallies[split_of_unit[unit]].Offer(static_cast<uint32_t>(unit), table.size[unit]);
  }
  std::vector<SplitMembers> members = AscendingMembers(AssignByUnit(table, split_of_unit), spec.splits.size());
  std::vector<std::string> notes = UnitNotes(spec, input, table, tallies, members);
  return {std::move(members), std::move(notes)};
}

}  // namespace

absl::StatusOr<DealtSplits> DealHash(const PlanSpec& spec, const PlanInput& input) {
  const HashCuts cuts(SharesOf(spec));
  const RoundWords words = ExpandKey(LabelledKey("millrace.v1.hash", spec.seed, "", 0), 0);
  if (spec.unit != SplitUnit::kPost) return DealByUnits(spec, input, cuts, words);
  return DealtSplits{DealPosts(cuts, words, input.post_ids, spec.splits.size()), {}};
}

}  // namespace millrace
