#include "core/plan/row_list.h"

#include <algorithm>
#include <array>
#include <bit>

namespace millrace {
namespace {

// Rows between hints: half a bit a row for hints; and as upper bits are at most two thirds zeros, one or two words to
// look through, on the average over the rows of any list.
constexpr int64_t kHintRows = 64;

// Values whose memory is asked for before the first of them is needed.
constexpr size_t kPrefetchBlock = 32;

constexpr uint64_t kBytesOfOne = 0x0101010101010101;
constexpr uint64_t kBytesOfHigh = 0x8080808080808080;

// Byte k holds the number of ones in the bytes 0 to k. Not std::popcount, which is a call on machines that may
// lack the instruction, and does not tell the bytes apart.
inline uint64_t OnesUpToByte(uint64_t word) {
  word -= word >> 1 & 0x5555555555555555;
  word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
  return ((word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f) * kBytesOfOne;
}

// kSelectInByte[8 * byte + rank]: the place of the one number `rank` of a byte.
constexpr std::array<uint8_t, 2048> MakeSelectInByte() {
  std::array<uint8_t, 2048> table = {};
  for (size_t byte = 0; byte < 256; ++byte) {
    size_t rank = 0;
    for (uint8_t place = 0; place < 8; ++place) {
      if ((byte >> place & 1) != 0) table[8 * byte + rank++] = place;
    }
  }
  return table;
}
constexpr std::array<uint8_t, 2048> kSelectInByte = MakeSelectInByte();

// The place of the one number `rank` of a word. Requires that there is one.
inline uint64_t SelectInWord(uint64_t word, uint64_t ones_up_to_byte, uint64_t rank) {
  // The high bit of every byte up to which there are `rank` ones or fewer; their number times 8.
  const uint64_t bytes_before = ((rank * kBytesOfOne | kBytesOfHigh) - ones_up_to_byte) & kBytesOfHigh;
  const uint64_t shift = ((bytes_before >> 7) * kBytesOfOne >> 56) * 8;
  const uint64_t ones_before = (ones_up_to_byte << 8) >> shift & 0xff;
  return shift + kSelectInByte[8 * (word >> shift & 0xff) + rank - ones_before];
}

void SetBits(std::vector<uint64_t>& words, uint64_t first_bit, uint64_t value) {
  const uint64_t shift = first_bit % 64;
  words[first_bit / 64] |= value << shift;
  words[first_bit / 64 + 1] |= value >> 1 >> (63 - shift);
}

inline uint64_t GetBits(const uint64_t* words, uint64_t first_bit, uint32_t count) {
  const uint64_t shift = first_bit % 64;
  const uint64_t* word = words + first_bit / 64;
  return (word[0] >> shift | word[1] << 1 << (63 - shift)) & ((uint64_t{1} << count) - 1);
}

}  // namespace

RowListBuilder::RowListBuilder(int64_t size, int64_t limit) {
  if (size == 0) return;
  list_.size_ = size;
  list_.low_bits_ = static_cast<uint32_t>(std::bit_width(static_cast<uint64_t>(limit / size))) - 1;
  const uint64_t row_count = static_cast<uint64_t>(size);
  const uint64_t bucket_last = static_cast<uint64_t>(limit - 1) >> list_.low_bits_;
  list_.upper_.resize((row_count + bucket_last) / 64 + 1);
  list_.lower_.resize(row_count * list_.low_bits_ / 64 + 2);
  list_.hint_buckets_.reserve((row_count - 1) / kHintRows + 1);
}

void RowListBuilder::Add(absl::Span<const uint32_t> rows) {
  const uint32_t low_bits = list_.low_bits_;
  const uint64_t low_mask = (uint64_t{1} << low_bits) - 1;
  uint64_t i = added_count_;
  for (const uint32_t row : rows) {
    const uint64_t bucket = uint64_t{row} >> low_bits;
    if (i % kHintRows == 0) list_.hint_buckets_.push_back(static_cast<uint32_t>(bucket));
    list_.upper_[(i + bucket) / 64] |= uint64_t{1} << (i + bucket) % 64;
    SetBits(list_.lower_, i * low_bits, row & low_mask);
    ++i;
  }
  added_count_ = i;
}

RowList RowList::FromAscending(absl::Span<const uint32_t> rows, int64_t limit) {
  RowListBuilder builder(static_cast<int64_t>(rows.size()), limit);
  builder.Add(rows);
  return builder.Finish();
}

// Where in upper_ the hint for a row leads: at most kHintRows - 1 ones before the row's.
inline int64_t RowList::UpperStart(int64_t index) const {
  const int64_t hint = index / kHintRows;
  return hint * kHintRows + hint_buckets_[static_cast<size_t>(hint)];
}

inline int64_t RowList::BucketOf(int64_t index) const {
  const uint64_t start = static_cast<uint64_t>(UpperStart(index));
  uint64_t rank = static_cast<uint64_t>(index % kHintRows);
  size_t place = start / 64;
  uint64_t word = upper_[place] & ~uint64_t{0} << start % 64;
  uint64_t ones = OnesUpToByte(word);
  while (ones >> 56 <= rank) {
    rank -= ones >> 56;
    word = upper_[++place];
    ones = OnesUpToByte(word);
  }
  return static_cast<int64_t>(place * 64 + SelectInWord(word, ones, rank)) - index;
}

int64_t RowList::At(int64_t index) const {
  const uint64_t low = GetBits(lower_.data(), static_cast<uint64_t>(index) * low_bits_, low_bits_);
  return static_cast<int64_t>(static_cast<uint64_t>(BucketOf(index)) << low_bits_ | low);
}

// A batch touches places all over the list: what a block of values needs is on its way while the values before
// are computed.
void RowList::Apply(absl::Span<int64_t> values) const {
  for (size_t start = 0; start < values.size(); start += kPrefetchBlock) {
    const absl::Span<int64_t> block = values.subspan(start, kPrefetchBlock);
    for (const int64_t index : block) {
      __builtin_prefetch(&hint_buckets_[static_cast<size_t>(index / kHintRows)]);
      __builtin_prefetch(&lower_[static_cast<uint64_t>(index) * low_bits_ / 64]);
    }
    for (const int64_t index : block) __builtin_prefetch(&upper_[static_cast<size_t>(UpperStart(index) / 64)]);
    for (int64_t& value : block) value = At(value);
  }
}

std::optional<int64_t> RowList::Find(int64_t row) const {
  int64_t first = 0;
  int64_t end = size_;
  while (first < end) {
    const int64_t middle = first + (end - first) / 2;
    if (At(middle) < row) {
      first = middle + 1;
    } else {
      end = middle;
    }
  }
  if (first == size_ || At(first) != row) return std::nullopt;
  return first;
}

size_t RowList::memory_bytes() const {
  return sizeof(uint64_t) * (upper_.capacity() + lower_.capacity()) + sizeof(uint32_t) * hint_buckets_.capacity();
}

}  // namespace millrace
