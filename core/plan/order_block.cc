#include "core/plan/order_block.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/plan/permutation.h"

namespace millrace {
namespace {

// A run of an epoch's samples whose members are shuffled among each other.
struct Window {
  int64_t number = 0;
  int64_t first_sample = 0;
  int64_t sample_count = 0;
};

struct BlockShape {
  int64_t block_rows = 0;
  int64_t window_blocks = 0;
  int64_t member_count = 0;

  int64_t block_count() const { return (member_count + block_rows - 1) / block_rows; }
  int64_t window_rows() const { return block_rows * window_blocks; }
  // Members that the last block has fewer than the others.
  int64_t gap() const { return block_count() * block_rows - member_count; }
};

// Everything would be a division if all blocks were of one size. One may be smaller; so we count as if it were not,
// and close the gap behind the place where it is laid out.
class BlockEpoch : public EpochSequence {
 public:
  BlockEpoch(const BlockShape& shape, const PermutationKey& key, Permutation blocks)
      : shape_(shape),
        key_(key),
        blocks_(std::move(blocks)),
        gap_(shape.gap()),
        gap_sample_((blocks_.IndexOf(shape.block_count() - 1) + 1) * shape.block_rows - gap_) {}

  void Fill(int64_t first_sample, absl::Span<int64_t> members) const override {
    for (size_t done = 0; done < members.size();) {
      const int64_t sample = first_sample + static_cast<int64_t>(done);
      const Window window = WindowAt(WindowNumberOf(sample));
      const int64_t place = sample - window.first_sample;
      const absl::Span<int64_t> part = members.subspan(done, static_cast<size_t>(window.sample_count - place));
      OrderOf(window).Fill(place, part);
      MembersAt(window, part);
      done += part.size();
    }
  }

  std::vector<int64_t> Find(int64_t member, size_t limit) const override {
    if (limit == 0) return {};
    const int64_t block_place = blocks_.IndexOf(member / shape_.block_rows) * shape_.block_rows;
    // The sample that the member would be if windows were not shuffled.
    const int64_t unshuffled = CloseGap(block_place) + member % shape_.block_rows;
    const Window window = WindowAt(WindowNumberOf(unshuffled));
    return {window.first_sample + OrderOf(window).IndexOf(unshuffled - window.first_sample)};
  }

 private:
  // From a block's start, if all blocks were whole, to its first sample.
  int64_t CloseGap(int64_t block_place) const { return block_place > gap_sample_ ? block_place - gap_ : block_place; }
  // From a sample to its place if all blocks were whole.
  int64_t OpenGap(int64_t sample) const { return sample >= gap_sample_ ? sample + gap_ : sample; }

  int64_t WindowNumberOf(int64_t sample) const { return OpenGap(sample) / shape_.window_rows(); }

  Window WindowAt(int64_t number) const {
    const int64_t start = CloseGap(number * shape_.window_rows());
    const int64_t end = std::min(CloseGap((number + 1) * shape_.window_rows()), shape_.member_count);
    return {number, start, end - start};
  }

  Permutation OrderOf(const Window& window) const {
    // A window has 1 to kWindowRowsMax members: never an error.
    return Permutation::Create(window.sample_count, SubKey(key_, static_cast<uint64_t>(window.number))).value();
  }

  // From places in a window to members, in place.
  void MembersAt(const Window& window, absl::Span<int64_t> places) const {
    std::vector<int64_t> blocks(places.size());
    for (size_t i = 0; i < places.size(); ++i) {
      const int64_t place = OpenGap(window.first_sample + places[i]);
      blocks[i] = place / shape_.block_rows;
      places[i] = place - blocks[i] * shape_.block_rows;
    }
    blocks_.Apply(absl::MakeSpan(blocks));
    for (size_t i = 0; i < places.size(); ++i) places[i] += blocks[i] * shape_.block_rows;
  }

  const BlockShape shape_;
  const PermutationKey key_;
  const Permutation blocks_;
  const int64_t gap_;
  const int64_t gap_sample_;  // the first sample behind the smaller block, if windows were not shuffled
};

class BlockOrder : public SplitOrder {
 public:
  BlockOrder(uint64_t seed, std::string_view split_name, const BlockShape& shape)
      : seed_(seed), split_name_(split_name), shape_(shape) {}

  int64_t sample_count() const override { return shape_.member_count; }
  absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const override {
    const PermutationKey key = LabelledKey("millrace.v1.blocks", seed_, split_name_, static_cast<uint64_t>(epoch));
    MILLRACE_ASSIGN_OR_RETURN(Permutation blocks, Permutation::Create(shape_.block_count(), key));
    return std::make_unique<BlockEpoch>(shape_, key, std::move(blocks));
  }
  size_t memory_bytes() const override { return sizeof(*this) + split_name_.capacity(); }

 private:
  const uint64_t seed_;
  const std::string split_name_;
  const BlockShape shape_;
};

}  // namespace

std::unique_ptr<const SplitOrder> MakeBlockOrder(uint64_t seed, std::string_view split_name, int64_t block_rows,
                                                 int64_t window_blocks, int64_t member_count) {
  const BlockShape shape = {block_rows, window_blocks, member_count};
  return std::make_unique<BlockOrder>(seed, split_name, shape);
}

}  // namespace millrace
