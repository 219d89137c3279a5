#include "core/plan/order_sequential.h"

#include <numeric>

namespace millrace {
namespace {

class SequentialEpoch : public EpochSequence {
 public:
  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override {
    std::iota(members.begin(), members.end(), first_sample);
  }
  std::vector<int64_t> Find(int64_t member, size_t limit) const override {
    return limit == 0 ? std::vector<int64_t>() : std::vector<int64_t>{member};
  }
};

class SequentialOrder : public SplitOrder {
 public:
  explicit SequentialOrder(int64_t member_count) : member_count_(member_count) {}

  int64_t sample_count() const override { return member_count_; }
  absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const override {
    return std::make_unique<SequentialEpoch>();
  }
  size_t memory_bytes() const override { return sizeof(*this); }

 private:
  const int64_t member_count_;
};

}  // namespace

std::unique_ptr<const SplitOrder> MakeSequentialOrder(int64_t member_count) {
  return std::make_unique<SequentialOrder>(member_count);
}

}  // namespace millrace
