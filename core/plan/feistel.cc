#include "core/plan/feistel.h"

#include <algorithm>
#include <array>
#include <bit>

#include "core/plan/feistel_avx2.h"
#include "core/plan/mix.h"

namespace millrace {
namespace {

// One pass of the network, over the whole domain: a result may lie beyond the size.
inline int64_t Pass(const Feistel& feistel, int64_t value) {
  const uint32_t side = feistel.high_side;
  const uint32_t shift = 32 - feistel.low_bits;
  uint32_t high = static_cast<uint32_t>(static_cast<uint64_t>(value) >> feistel.low_bits);
  uint32_t low = static_cast<uint32_t>(value) & ((1u << feistel.low_bits) - 1);
  const uint32_t* words = feistel.words.data();
  for (int round = 0; round < kFeistelRoundCount; round += 2, words += 4) {
    // The sum is below 2 * side <= 2^21. When it is below `side`, the difference wraps around to a large number.
    const uint32_t sum = high + ReduceTo(KeyedMix(low, words[0], words[1]), side);
    high = std::min(sum, sum - side);
    low ^= KeyedMix(high, words[2], words[3]) >> shift;
  }
  return static_cast<int64_t>(static_cast<uint64_t>(high) << feistel.low_bits | low);
}

// Undoes Pass: its rounds backwards.
int64_t Unpass(const Feistel& feistel, int64_t value) {
  const uint32_t side = feistel.high_side;
  const uint32_t shift = 32 - feistel.low_bits;
  uint32_t high = static_cast<uint32_t>(static_cast<uint64_t>(value) >> feistel.low_bits);
  uint32_t low = static_cast<uint32_t>(value) & ((1u << feistel.low_bits) - 1);
  for (size_t round = kFeistelRoundCount; round > 0; round -= 2) {
    const uint32_t* words = feistel.words.data() + 2 * (round - 2);
    low ^= KeyedMix(high, words[2], words[3]) >> shift;
    // Wraps around to a large number when the sum went beyond the side.
    const uint32_t difference = high - ReduceTo(KeyedMix(low, words[0], words[1]), side);
    high = std::min(difference, difference + side);
  }
  return static_cast<int64_t>(static_cast<uint64_t>(high) << feistel.low_bits | low);
}

// The first value within the size on the cycle from `value` on. There is one: where the walk began.
int64_t WalkInside(const Feistel& feistel, int64_t value) {
  while (value >= feistel.size) value = Pass(feistel, value);
  return value;
}

// One pass over a block, round by round rather than value by value: the values do not wait for each other, so that
// the machine computes several at a time. True when all results are within the size.
bool PassBlock(const Feistel& feistel, int64_t* values) {
  uint32_t high[kFeistelBlock];
  uint32_t low[kFeistelBlock];
  const uint32_t side = feistel.high_side;
  const uint32_t low_bits = feistel.low_bits;
  for (size_t i = 0; i < kFeistelBlock; ++i) {
    high[i] = static_cast<uint32_t>(static_cast<uint64_t>(values[i]) >> low_bits);
    low[i] = static_cast<uint32_t>(values[i]) & ((1u << low_bits) - 1);
  }
  for (int round = 0; round < kFeistelRoundCount; round += 2) {
    const uint32_t* words = feistel.words.data() + 2 * round;
    for (size_t i = 0; i < kFeistelBlock; ++i) {
      const uint32_t sum = high[i] + ReduceTo(KeyedMix(low[i], words[0], words[1]), side);
      high[i] = std::min(sum, sum - side);
    }
    for (size_t i = 0; i < kFeistelBlock; ++i) low[i] ^= KeyedMix(high[i], words[2], words[3]) >> (32 - low_bits);
  }
  int64_t beyond = 0;  // negative when a value is
  for (size_t i = 0; i < kFeistelBlock; ++i) {
    values[i] = static_cast<int64_t>(static_cast<uint64_t>(high[i]) << low_bits | low[i]);
    beyond |= feistel.size - 1 - values[i];
  }
  return beyond >= 0;
}

}  // namespace

Feistel MakeFeistel(int64_t size, const RoundWords& words) {
  const uint64_t last = static_cast<uint64_t>(size) - 1;
  Feistel feistel;
  feistel.size = size;
  feistel.low_bits = static_cast<uint32_t>(std::bit_width(last) / 2);
  feistel.high_side = static_cast<uint32_t>(last >> feistel.low_bits) + 1;
  feistel.words = words;
  return feistel;
}

int64_t FeistelAt(const Feistel& feistel, int64_t index) { return WalkInside(feistel, Pass(feistel, index)); }

int64_t FeistelIndexOf(const Feistel& feistel, int64_t element) {
  // The walk that led to the element went over values beyond the size only; so the first one within it is its start.
  do element = Unpass(feistel, element);
  while (element >= feistel.size);
  return element;
}

FeistelPath BestFeistelPath() {
  static const FeistelPath path = CpuHasAvx2() ? FeistelPath::kAvx2 : FeistelPath::kPortable;
  return path;
}

void FeistelApply(const Feistel& feistel, FeistelPath path, absl::Span<int64_t> values) {
  const auto pass = path == FeistelPath::kAvx2 ? FeistelPassAvx2 : PassBlock;
  std::array<int64_t, kFeistelBlock> rest{};  // the last block, filled up
  for (size_t start = 0; start < values.size(); start += kFeistelBlock) {
    const absl::Span<int64_t> block = values.subspan(start, kFeistelBlock);
    const bool whole = block.size() == kFeistelBlock;
    if (!whole) std::copy(block.begin(), block.end(), rest.begin());
    const bool all_inside = pass(feistel, whole ? block.data() : rest.data());
    if (!whole) std::copy_n(rest.begin(), block.size(), block.begin());
    if (all_inside) continue;
    for (int64_t& value : block) value = WalkInside(feistel, value);
  }
}

}  // namespace millrace
