#include "core/plan/split_assignment.h"

#include <algorithm>
#include <array>

namespace millrace {
namespace {

// Elements that are sorted by split at once, so that they stay in the cache.
constexpr size_t kChunk = 4096;
// One for every number, kNoSplit too, so that loops over millions do not branch on what is as good as random.
constexpr size_t kNumberCount = size_t{kNoSplit} + 1;

// Four tallies in turn: one alone would wait for itself, as most elements are in one split.
std::array<int64_t, kNumberCount> CountElements(absl::Span<const SplitNumber> assignment) {
  constexpr size_t kTallyCount = 4;
  std::array<std::array<int64_t, kNumberCount>, kTallyCount> tallies = {};
  for (size_t i = 0; i < assignment.size(); ++i) ++tallies[i % kTallyCount][assignment[i]];
  std::array<int64_t, kNumberCount> counts = {};
  for (size_t number = 0; number < kNumberCount; ++number) {
    for (const auto& tally : tallies) counts[number] += tally[number];
  }
  return counts;
}

}  // namespace

std::vector<SplitMembers> AscendingMembers(absl::Span<const SplitNumber> assignment, size_t split_count) {
  const std::array<int64_t, kNumberCount> counts = CountElements(assignment);
  const int64_t limit = static_cast<int64_t>(assignment.size());
  std::vector<RowListBuilder> builders;
  for (size_t split = 0; split < split_count; ++split) builders.emplace_back(counts[split], limit);

  std::vector<uint32_t> sorted((split_count + 1) * kChunk);
  std::array<uint32_t*, kNumberCount> ends;
  for (size_t start = 0; start < assignment.size(); start += kChunk) {
    for (size_t number = 0; number < kNumberCount; ++number) {
      ends[number] = sorted.data() + std::min(number, split_count) * kChunk;
    }
    const absl::Span<const SplitNumber> chunk = assignment.subspan(start, kChunk);
    for (size_t i = 0; i < chunk.size(); ++i) *ends[chunk[i]]++ = static_cast<uint32_t>(start + i);
    for (size_t split = 0; split < split_count; ++split) {
      const uint32_t* begin = sorted.data() + split * kChunk;
      builders[split].Add(absl::MakeConstSpan(begin, static_cast<size_t>(ends[split] - begin)));
    }
  }
  std::vector<SplitMembers> members;
  for (RowListBuilder& builder : builders) members.push_back(SplitMembers::Ascending(builder.Finish()));
  return members;
}

}  // namespace millrace
