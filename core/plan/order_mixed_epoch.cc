#include "core/plan/order_mixed_epoch.h"

#include <algorithm>
#include <array>
#include <numeric>

#include "core/plan/plan_spec.h"

namespace millrace {

MixedEpoch::MixedEpoch(const MixedParts& parts, const PermutationKey& mix_key, const Permutation& deck,
                       int64_t sample_count)
    : parts_(parts), sample_count_(sample_count) {
  static_assert(kMixDeckMax <= 65536, "cards_before_ counts to 65,535");
  std::vector<uint8_t> parts_of_cards;
  for (size_t part = 0; part < parts.parts.size(); ++part) {
    part_keys_.push_back(SubKey(mix_key, part));
    parts_of_cards.insert(parts_of_cards.end(), static_cast<size_t>(parts.parts[part].card_count),
                          static_cast<uint8_t>(part));
  }
  std::vector<int64_t> cards(parts_of_cards.size());
  deck.Fill(0, absl::MakeSpan(cards));
  std::array<uint16_t, kMixPartCountMax> counts{};
  for (const int64_t card : cards) {
    const uint8_t part = parts_of_cards[static_cast<size_t>(card)];
    card_parts_.push_back(part);
    cards_before_.push_back(counts[part]++);
  }
}

Permutation MixedEpoch::RoundOf(size_t part, int64_t round) const {
  // A part has 1 to 2^32 members: never an error.
  return Permutation::Create(parts_.parts[part].member_count, SubKey(part_keys_[part], static_cast<uint64_t>(round)))
      .value();
}

void MixedEpoch::FillPart(size_t part, int64_t first, absl::Span<int64_t> members) const {
  const MixedPart& shape = parts_.parts[part];
  for (size_t done = 0; done < members.size();) {
    const int64_t number = first + static_cast<int64_t>(done);
    const int64_t index = number % shape.member_count;
    const absl::Span<int64_t> stretch = members.subspan(done, static_cast<size_t>(shape.member_count - index));
    RoundOf(part, number / shape.member_count).Fill(index, stretch);
    done += stretch.size();
  }
  for (int64_t& member : members) member = parts_.members[static_cast<size_t>(shape.first_place + member)];
}

void MixedEpoch::Fill(int64_t first_sample, absl::Span<int64_t> members) const {
  // The samples of one part within a stretch are neighbours in the part's own numbering: so we count them, compute
  // them part by part, and deal them out again.
  std::array<size_t, kMixPartCountMax + 1> starts{};  // of a part's members in `drawn`
  std::array<int64_t, kMixPartCountMax> firsts{};     // number of its first sample here
  int64_t deck = first_sample / parts_.deck_size;
  size_t place = static_cast<size_t>(first_sample % parts_.deck_size);
  std::vector<uint8_t> parts(members.size());
  for (uint8_t& part : parts) {
    part = card_parts_[place];
    if (starts[part + size_t{1}]++ == 0) firsts[part] = deck * parts_.parts[part].card_count + cards_before_[place];
    if (++place == card_parts_.size()) ++deck, place = 0;
  }
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<int64_t> drawn(members.size());
  for (size_t part = 0; part < parts_.parts.size(); ++part) {
    FillPart(part, firsts[part], absl::MakeSpan(drawn).subspan(starts[part], starts[part + 1] - starts[part]));
  }
  for (size_t i = 0; i < members.size(); ++i) members[i] = drawn[starts[parts[i]]++];
}

std::vector<int64_t> MixedEpoch::Find(int64_t member, size_t limit) const {
  std::vector<int64_t> samples;
  for (size_t part = 0; part < parts_.parts.size(); ++part) {
    const MixedPart& shape = parts_.parts[part];
    const auto begin = parts_.members.begin() + shape.first_place;
    const auto end = begin + shape.member_count;
    const auto found = std::lower_bound(begin, end, member);
    if (found == end || *found != member) continue;
    std::vector<int64_t> places;  // of the part's cards in the deck
    for (size_t place = 0; place < card_parts_.size(); ++place) {
      if (card_parts_[place] == part) places.push_back(static_cast<int64_t>(place));
    }
    for (int64_t round = 0; samples.size() < limit; ++round) {
      const int64_t number = round * shape.member_count + RoundOf(part, round).IndexOf(found - begin);
      const int64_t sample =
          number / shape.card_count * parts_.deck_size + places[static_cast<size_t>(number % shape.card_count)];
      if (sample >= sample_count_) break;
      samples.push_back(sample);
    }
  }
  return samples;
}

}  // namespace millrace
