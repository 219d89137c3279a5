// One epoch of the order `mixed`.
#pragma once

#include <cstdint>
#include <vector>

#include "core/plan/key.h"
#include "core/plan/order_mixed_parts.h"
#include "core/plan/permutation.h"
#include "core/plan/split_order.h"

namespace millrace {

// Borrows the parts, which must all have members. 3 bytes a card.
class MixedEpoch : public EpochSequence {
 public:
  // `deck` is a permutation of the cards.
  MixedEpoch(const MixedParts& parts, const PermutationKey& mix_key, const Permutation& deck, int64_t sample_count);

  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override;
  std::vector<int64_t> Find(int64_t member, size_t limit) const override;

 private:
  // A part's samples in the epoch are numbered by themselves; its members are gone through in rounds.
  Permutation RoundOf(size_t part, int64_t round) const;
  // members[i] = the part's sample number first + i.
  void FillPart(size_t part, int64_t first, absl::Span<int64_t> members) const;

  const MixedParts& parts_;
  std::vector<PermutationKey> part_keys_;
  std::vector<uint8_t> card_parts_;     // by place in the deck
  std::vector<uint16_t> cards_before_;  // of the same part, by place in the deck
  const int64_t sample_count_;
};

}  // namespace millrace
