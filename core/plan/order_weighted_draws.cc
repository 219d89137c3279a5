// Weighted with replacement: every sample is a draw of its own, from its number.
#include <algorithm>
#include <array>

#include "core/plan/hash.h"
#include "core/plan/order_weighted_epochs.h"

namespace millrace {
namespace {

constexpr uint32_t kDrawKind = 0;

class DrawEpoch : public EpochSequence {
 public:
  DrawEpoch(const WeightClasses& classes, const PermutationKey& weighted_key, int64_t sample_count)
      : classes_(classes), words_(ExpandKey(weighted_key, 0)), sample_count_(sample_count) {}

  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override {
    std::array<uint64_t, kChunk> numbers;
    for (size_t done = 0; done < members.size(); done += kChunk) {
      const absl::Span<int64_t> part = members.subspan(done, kChunk);
      Draw(first_sample + static_cast<int64_t>(done), absl::MakeSpan(numbers).first(part.size()));
      for (size_t i = 0; i < part.size(); ++i) {
        const ClassRank found = classes_.Find(static_cast<int64_t>(numbers[i]));
        part[i] = classes_.MemberAt(classes_.classes()[found.class_number].first_place + found.rank);
      }
    }
  }

  std::vector<int64_t> Find(int64_t member, size_t limit) const override {
    std::vector<int64_t> samples;
    const std::optional<int64_t> place = classes_.PlaceOf(member);
    if (!place.has_value()) return samples;
    const WeightClass& weight_class = classes_.classes()[classes_.ClassOf(*place)];
    const uint64_t weight = static_cast<uint64_t>(weight_class.weight);
    const uint64_t first = static_cast<uint64_t>(weight_class.weight_start) +
                           static_cast<uint64_t>(*place - weight_class.first_place) * weight;
    std::array<uint64_t, kChunk> numbers;
    for (int64_t start = 0; start < sample_count_ && samples.size() < limit; start += kChunk) {
      const size_t count = static_cast<size_t>(std::min<int64_t>(kChunk, sample_count_ - start));
      Draw(start, absl::MakeSpan(numbers).first(count));
      for (size_t i = 0; i < count && samples.size() < limit; ++i) {
        // Numbers below `first` wrap around to large ones.
        if (numbers[i] - first < weight) samples.push_back(start + static_cast<int64_t>(i));
      }
    }
    return samples;
  }

 private:
  static constexpr int64_t kChunk = 256;

  void Draw(int64_t first_sample, absl::Span<uint64_t> numbers) const {
    FillBelow(words_, kDrawKind, static_cast<uint64_t>(first_sample), static_cast<uint64_t>(classes_.total()), numbers);
  }

  const WeightClasses& classes_;
  const RoundWords words_;
  const int64_t sample_count_;
};

}  // namespace

std::unique_ptr<const EpochSequence> MakeDrawEpoch(const WeightClasses& classes, const PermutationKey& weighted_key,
                                                   int64_t sample_count) {
  return std::make_unique<DrawEpoch>(classes, weighted_key, sample_count);
}

}  // namespace millrace
