#include "core/plan/order_mixed.h"

#include <numeric>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/order_mixed_epoch.h"
#include "core/plan/order_mixed_parts.h"
#include "core/plan/plan_input.h"

namespace millrace {
namespace {

// Members are kept in 32 bits.
constexpr int64_t kMemberCountMax = int64_t{1} << 32;

class MixedOrder : public SplitOrder {
 public:
  MixedOrder(uint64_t seed, std::string_view split_name, MixedParts parts, int64_t sample_count)
      : seed_(seed), split_name_(split_name), parts_(std::move(parts)), sample_count_(sample_count) {}

  int64_t sample_count() const override { return sample_count_; }

  absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const override {
    const PermutationKey key = LabelledKey("millrace.v1.mix", seed_, split_name_, static_cast<uint64_t>(epoch));
    MILLRACE_ASSIGN_OR_RETURN(const Permutation deck, Permutation::Create(parts_.deck_size, key));
    return std::make_unique<MixedEpoch>(parts_, key, deck, sample_count_);
  }

  size_t memory_bytes() const override { return sizeof(*this) + split_name_.capacity() + parts_.memory_bytes(); }

 private:
  const uint64_t seed_;
  const std::string split_name_;
  const MixedParts parts_;
  const int64_t sample_count_;
};

MixedParts MakeParts(const MixSpec& spec, absl::Span<const uint8_t> member_parts) {
  MixedParts result;
  int64_t divisor = 0;
  for (const MixPart& part : spec.parts) divisor = std::gcd(divisor, part.share);
  for (const MixPart& part : spec.parts) {
    result.parts.push_back({.card_count = part.share / divisor});
    result.deck_size += result.parts.back().card_count;
  }
  for (const uint8_t part : member_parts) {
    if (part != kNoMixPart) ++result.parts[part].member_count;
  }
  std::vector<size_t> next_places;
  size_t place = 0;
  for (MixedPart& part : result.parts) {
    part.first_place = static_cast<int64_t>(place);
    next_places.push_back(place);
    place += static_cast<size_t>(part.member_count);
  }
  result.members.resize(place);
  for (size_t member = 0; member < member_parts.size(); ++member) {
    if (member_parts[member] == kNoMixPart) continue;
    result.members[next_places[member_parts[member]]++] = static_cast<uint32_t>(member);
  }
  return result;
}

}  // namespace

absl::StatusOr<std::unique_ptr<const SplitOrder>> MakeMixedOrder(const MixSpec& spec, uint64_t seed,
                                                                 std::string_view split_name,
                                                                 absl::Span<const uint8_t> member_parts) {
  const absl::string_view name(split_name.data(), split_name.size());
  const int64_t member_count = static_cast<int64_t>(member_parts.size());
  if (member_count > kMemberCountMax) {
    return FieldError("spec.mix", absl::StrCat("is for up to ", kMemberCountMax, " posts a split, but split \"", name,
                                               "\" has ", member_count, "; narrow the query"));
  }
  MixedParts parts = MakeParts(spec, member_parts);
  if (parts.deck_size > kMixDeckMax) {
    return FieldError(
        "spec.mix.parts",
        absl::StrCat("have shares that come to ", parts.deck_size,
                     " together after division by their greatest common divisor; round them, so that they "
                     "come to at most ",
                     kMixDeckMax));
  }
  for (size_t i = 0; i < parts.parts.size(); ++i) {
    if (parts.parts[i].member_count > 0) continue;
    return FieldError(absl::StrCat("spec.mix.parts[", i, "].query"),
                      absl::StrCat("matches no post of split \"", name,
                                   "\" that earlier parts left; widen it, put the part before the others, or leave it "
                                   "out"));
  }
  const int64_t sample_count = spec.epoch_samples > 0 ? spec.epoch_samples : static_cast<int64_t>(parts.members.size());
  return std::make_unique<MixedOrder>(seed, split_name, std::move(parts), sample_count);
}

}  // namespace millrace
