// Weighted without replacement: systematic sampling. Members that are not certain lie one after the other on a line,
// each as long as its weight, those of a class in random order; the slots pick at equal distances, which are longer
// than any member. So none is picked twice, and a member's chance is its length over the distance.
#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/plan/hash.h"
#include "core/plan/order_weighted_epochs.h"
#include "core/plan/permutation.h"

namespace millrace {
namespace {

using Wide = unsigned __int128;

constexpr uint32_t kStartKind = 1;

Wide Product(int64_t a, int64_t b) { return static_cast<Wide>(a) * static_cast<Wide>(b); }

class SlotEpoch : public EpochSequence {
 public:
  SlotEpoch(const WeightClasses& classes, const Certainty& certainty, const PermutationKey& weighted_key,
            Permutation slots)
      : classes_(classes),
        certainty_(certainty),
        key_(weighted_key),
        slots_(std::move(slots)),
        drawn_count_(slots_.size() - certainty.member_count),
        drawn_weight_(classes.total() - certainty.weight),
        start_(drawn_count_ == 0 ? 0
                                 : static_cast<int64_t>(Below(ExpandKey(weighted_key, 0), kStartKind, 0,
                                                              static_cast<uint64_t>(drawn_weight_)))) {
    if (drawn_count_ > 0) first_class_ = classes.ClassOf(certainty.member_count);
    const size_t end_class = std::min(first_class_ + kKeptClassCountMax, classes.classes().size());
    for (size_t i = first_class_; i < end_class && drawn_count_ > 0; ++i) kept_orders_.push_back(OrderOf(i));
  }

  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override {
    slots_.Fill(first_sample, members);
    std::vector<Picked> picked;
    for (size_t i = 0; i < members.size(); ++i) {
      if (members[i] < certainty_.member_count) {
        members[i] = classes_.MemberAt(members[i]);
      } else {
        picked.push_back({PickedBy(members[i] - certainty_.member_count), i});
      }
    }
    // Class by class, as each has a permutation of its own.
    std::sort(picked.begin(), picked.end(),
              [](const Picked& a, const Picked& b) { return a.where.class_number < b.where.class_number; });
    std::vector<int64_t> ranks;
    for (size_t begin = 0, end = 0; begin < picked.size(); begin = end) {
      const size_t class_number = picked[begin].where.class_number;
      ranks.clear();
      for (; end < picked.size() && picked[end].where.class_number == class_number; ++end) {
        ranks.push_back(picked[end].where.rank);
      }
      Shuffle(class_number, absl::MakeSpan(ranks));
      const int64_t first_place = classes_.classes()[class_number].first_place;
      for (size_t i = begin; i < end; ++i) members[picked[i].index] = classes_.MemberAt(first_place + ranks[i - begin]);
    }
  }

  std::vector<int64_t> Find(int64_t member, size_t limit) const override {
    const std::optional<int64_t> place = classes_.PlaceOf(member);
    if (!place.has_value() || limit == 0) return {};
    if (*place < certainty_.member_count) return {slots_.IndexOf(*place)};
    const size_t class_number = classes_.ClassOf(*place);
    const WeightClass& weight_class = classes_.classes()[class_number];
    const int64_t rank = OrderOf(class_number).IndexOf(*place - weight_class.first_place);
    const int64_t first = weight_class.weight_start - certainty_.weight + rank * weight_class.weight;
    // The first slot that picks at `first` or beyond.
    const Wide target = Product(first, drawn_count_);
    const Wide start = static_cast<Wide>(start_);
    const Wide distance = static_cast<Wide>(drawn_weight_);
    const int64_t slot = target <= start ? 0 : static_cast<int64_t>((target - start + distance - 1) / distance);
    if (slot >= drawn_count_ || NumberOf(slot) >= first + weight_class.weight) return {};
    return {slots_.IndexOf(certainty_.member_count + slot)};
  }

 private:
  // Making a permutation costs as much as shuffling a batch: those of the first classes are kept, which are all that
  // there are with most lists of queries. 2 KiB each at most.
  static constexpr size_t kKeptClassCountMax = 64;

  struct Picked {
    ClassRank where;
    size_t index = 0;  // in the samples asked for
  };

  // Where on the line a slot picks.
  int64_t NumberOf(int64_t slot) const {
    const Wide number = (Product(slot, drawn_weight_) + static_cast<Wide>(start_)) / static_cast<Wide>(drawn_count_);
    return static_cast<int64_t>(number);
  }

  ClassRank PickedBy(int64_t slot) const { return classes_.Find(certainty_.weight + NumberOf(slot)); }

  // From ranks in the class to its members' numbers, in place.
  void Shuffle(size_t class_number, absl::Span<int64_t> ranks) const {
    const size_t kept = class_number - first_class_;
    kept < kept_orders_.size() ? kept_orders_[kept].Apply(ranks) : OrderOf(class_number).Apply(ranks);
  }

  Permutation OrderOf(size_t class_number) const {
    // A class has 1 to 2^32 members: never an error.
    return Permutation::Create(classes_.classes()[class_number].member_count, SubKey(key_, class_number)).value();
  }

  const WeightClasses& classes_;
  const Certainty certainty_;
  const PermutationKey key_;
  const Permutation slots_;
  const int64_t drawn_count_;   // slots for members that are not certain
  const int64_t drawn_weight_;  // the weights of these members
  const int64_t start_;         // of the first slot's pick, in parts of 1 / drawn_count_
  size_t first_class_ = 0;      // that is not certain
  std::vector<Permutation> kept_orders_;
};

}  // namespace

Certainty CertaintyOf(const WeightClasses& classes, int64_t sample_count) {
  Certainty certainty;
  for (const WeightClass& weight_class : classes.classes()) {
    const int64_t slot_count = sample_count - certainty.member_count;
    const int64_t weight = classes.total() - certainty.weight;
    if (slot_count == 0 || Product(slot_count, weight_class.weight) < static_cast<Wide>(weight)) break;
    certainty.member_count += weight_class.member_count;
    certainty.weight += weight_class.member_count * weight_class.weight;
  }
  return certainty;
}

absl::StatusOr<std::unique_ptr<const EpochSequence>> MakeSlotEpoch(const WeightClasses& classes,
                                                                   const Certainty& certainty,
                                                                   const PermutationKey& weighted_key,
                                                                   const PermutationKey& epoch_key,
                                                                   int64_t sample_count) {
  MILLRACE_ASSIGN_OR_RETURN(Permutation slots, Permutation::Create(sample_count, epoch_key));
  return std::make_unique<SlotEpoch>(classes, certainty, weighted_key, std::move(slots));
}

}  // namespace millrace
