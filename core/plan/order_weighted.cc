#include "core/plan/order_weighted.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/key.h"
#include "core/plan/order_weight_classes.h"
#include "core/plan/order_weighted_epochs.h"

namespace millrace {
namespace {

class WeightedOrder : public SplitOrder {
 public:
  WeightedOrder(uint64_t seed, std::string_view split_name, WeightClasses classes, bool replacement,
                int64_t sample_count)
      : seed_(seed),
        split_name_(split_name),
        classes_(std::move(classes)),
        replacement_(replacement),
        sample_count_(sample_count),
        certainty_(replacement ? Certainty() : CertaintyOf(classes_, sample_count)) {}

  int64_t sample_count() const override { return sample_count_; }

  absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const override {
    const PermutationKey key = LabelledKey("millrace.v1.weighted", seed_, split_name_, static_cast<uint64_t>(epoch));
    if (replacement_) return MakeDrawEpoch(classes_, key, sample_count_);
    return MakeSlotEpoch(classes_, certainty_, key, EpochKey(seed_, split_name_, epoch), sample_count_);
  }

  size_t memory_bytes() const override { return sizeof(*this) + split_name_.capacity() + classes_.memory_bytes(); }

 private:
  const uint64_t seed_;
  const std::string split_name_;
  const WeightClasses classes_;
  const bool replacement_;
  const int64_t sample_count_;
  const Certainty certainty_;
};

std::string WeightsField(const WeightsSpec& spec) {
  return spec.by == WeightsBy::kQueries ? "spec.weights.queries" : "spec.weights.tag_frequency";
}

}  // namespace

absl::StatusOr<std::unique_ptr<const SplitOrder>> MakeWeightedOrder(const WeightsSpec& spec, uint64_t seed,
                                                                    std::string_view split_name,
                                                                    absl::Span<const int64_t> weights) {
  const absl::string_view name(split_name.data(), split_name.size());
  const int64_t member_count = static_cast<int64_t>(weights.size());
  if (member_count > WeightClasses::kMemberCountMax) {
    return FieldError("spec.weights",
                      absl::StrCat("are for up to ", WeightClasses::kMemberCountMax, " posts a split, but split \"",
                                   name, "\" has ", member_count, "; narrow the query"));
  }
  std::optional<WeightClasses> classes = WeightClasses::Create(weights);
  if (!classes.has_value()) {
    return FieldError(WeightsField(spec),
                      absl::StrCat("give the ", member_count, " posts of split \"", name,
                                   "\" weights of more than 2^63 - 1 together; divide all weights by a common number"));
  }
  if (classes->total() == 0) {
    return FieldError(WeightsField(spec),
                      absl::StrCat("give all ", member_count, " posts of split \"", name,
                                   "\" the weight 0, so that none can be drawn; give a weight above 0 to a query that "
                                   "matches some of them, or to `otherwise`"));
  }
  int64_t sample_count = spec.epoch_samples;
  if (sample_count == 0) sample_count = spec.replacement ? member_count : classes->member_count();
  if (!spec.replacement && sample_count > classes->member_count()) {
    return FieldError("spec.weights.epoch_samples",
                      absl::StrCat("is ", sample_count, ", but only ", classes->member_count(), " posts of split \"",
                                   name, "\" have a weight above 0; give at most that many, or draw with replacement"));
  }
  return std::make_unique<WeightedOrder>(seed, split_name, *std::move(classes), spec.replacement, sample_count);
}

}  // namespace millrace
