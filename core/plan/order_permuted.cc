#include "core/plan/order_permuted.h"

#include <numeric>
#include <optional>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/plan/permutation.h"

namespace millrace {
namespace {

class PermutedEpoch : public EpochSequence {
 public:
  explicit PermutedEpoch(Permutation permutation) : permutation_(std::move(permutation)) {}

  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override {
    permutation_.Fill(first_sample, members);
  }
  std::vector<int64_t> Find(int64_t member, size_t limit) const override {
    return limit == 0 ? std::vector<int64_t>() : std::vector<int64_t>{permutation_.IndexOf(member)};
  }

 private:
  const Permutation permutation_;
};

class PermutedBatchEpoch : public EpochSequence {
 public:
  // `batches` is absent when there is no whole batch.
  PermutedBatchEpoch(std::optional<Permutation> batches, int64_t batch_size)
      : batches_(std::move(batches)),
        batch_size_(batch_size),
        rest_start_(batches_.has_value() ? batches_->size() * batch_size : 0) {}

  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override {
    for (size_t done = 0; done < members.size();) {
      const int64_t sample = first_sample + static_cast<int64_t>(done);
      if (sample >= rest_start_) {
        std::iota(members.begin() + done, members.end(), sample);
        return;
      }
      const int64_t place = sample % batch_size_;
      const absl::Span<int64_t> part = members.subspan(done, static_cast<size_t>(batch_size_ - place));
      std::iota(part.begin(), part.end(), batches_->At(sample / batch_size_) * batch_size_ + place);
      done += part.size();
    }
  }

  std::vector<int64_t> Find(int64_t member, size_t limit) const override {
    if (limit == 0) return {};
    if (member >= rest_start_) return {member};
    return {batches_->IndexOf(member / batch_size_) * batch_size_ + member % batch_size_};
  }

 private:
  const std::optional<Permutation> batches_;
  const int64_t batch_size_;
  const int64_t rest_start_;  // members from here on are in no whole batch
};

class PermutedOrder : public SplitOrder {
 public:
  PermutedOrder(uint64_t seed, std::string_view split_name, bool fixed, int64_t member_count)
      : seed_(seed), split_name_(split_name), fixed_(fixed), member_count_(member_count) {}

  int64_t sample_count() const override { return member_count_; }
  absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const override {
    MILLRACE_ASSIGN_OR_RETURN(Permutation permutation, Permute(member_count_, epoch));
    return std::make_unique<PermutedEpoch>(std::move(permutation));
  }
  size_t memory_bytes() const override { return sizeof(*this) + split_name_.capacity(); }

 protected:
  absl::StatusOr<Permutation> Permute(int64_t count, int64_t epoch) const {
    return Permutation::Create(count, EpochKey(seed_, split_name_, fixed_ ? 0 : epoch));
  }

 private:
  const uint64_t seed_;
  const std::string split_name_;
  const bool fixed_;
  const int64_t member_count_;
};

class PermutedBatchOrder : public PermutedOrder {
 public:
  PermutedBatchOrder(uint64_t seed, std::string_view split_name, bool fixed, int64_t batch_size, int64_t member_count)
      : PermutedOrder(seed, split_name, fixed, member_count), batch_size_(batch_size) {}

  absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const override {
    const int64_t batch_count = sample_count() / batch_size_;
    if (batch_count == 0) return std::make_unique<PermutedBatchEpoch>(std::nullopt, batch_size_);
    MILLRACE_ASSIGN_OR_RETURN(Permutation batches, Permute(batch_count, epoch));
    return std::make_unique<PermutedBatchEpoch>(std::move(batches), batch_size_);
  }

 private:
  const int64_t batch_size_;
};

}  // namespace

std::unique_ptr<const SplitOrder> MakePermutedOrder(uint64_t seed, std::string_view split_name, bool fixed,
                                                    int64_t member_count) {
  return std::make_unique<PermutedOrder>(seed, split_name, fixed, member_count);
}

std::unique_ptr<const SplitOrder> MakePermutedBatchOrder(uint64_t seed, std::string_view split_name, bool fixed,
                                                         int64_t batch_size, int64_t member_count) {
  return std::make_unique<PermutedBatchOrder>(seed, split_name, fixed, batch_size, member_count);
}

}  // namespace millrace
