#include "core/snapshot/row_bits.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/snapshot/row_containers.h"

namespace millrace {
namespace {

constexpr uint32_t kBlockRows = 65536;
constexpr size_t kBlockWords = kBlockRows / 64;

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

template <typename T>
void Append(std::string* bytes, T value) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof value);
}

void SetBit(uint64_t* words, uint32_t place) { words[place / 64] |= uint64_t{1} << (place % 64); }

// The bits of a word from `first` on, and those before `end`; both are at most 64.
uint64_t BitsFrom(uint32_t first) { return first == 64 ? 0 : ~uint64_t{0} << first; }
uint64_t BitsBefore(uint32_t end) { return ~BitsFrom(end); }

void SetRange(uint64_t* words, uint32_t first, uint32_t last) {
  const uint32_t first_word = first / 64;
  const uint32_t last_word = last / 64;
  const uint64_t head = BitsFrom(first % 64);
  const uint64_t tail = BitsBefore(last % 64 + 1);
  if (first_word == last_word) {
    words[first_word] |= head & tail;
    return;
  }
  words[first_word] |= head;
  std::fill(words + first_word + 1, words + last_word, ~uint64_t{0});
  words[last_word] |= tail;
}

// Without the instruction, which the oldest processors of the architecture lack, a count takes four times as long.
#if defined(__x86_64__) && defined(__GNUC__)
__attribute__((target("popcnt"))) uint32_t CountWithInstruction(const uint64_t* words) {
  uint32_t count = 0;
  for (size_t word = 0; word < kBlockWords; ++word) count += static_cast<uint32_t>(__builtin_popcountll(words[word]));
  return count;
}
#endif

uint32_t CountBlock(const uint64_t* words) {
#if defined(__x86_64__) && defined(__GNUC__)
  static const bool has_instruction = __builtin_cpu_supports("popcnt") != 0;
  if (has_instruction) return CountWithInstruction(words);
#endif
  uint32_t count = 0;
  for (size_t word = 0; word < kBlockWords; ++word) count += static_cast<uint32_t>(std::popcount(words[word]));
  return count;
}

}  // namespace

RowBits::RowBits(uint64_t row_count)
    : row_count_(row_count),
      words_(static_cast<size_t>((row_count + kBlockRows - 1) / kBlockRows) * kBlockWords),
      full_words_(words_.size() / kBlockWords) {}

void RowBits::AddAll() {
  if (row_count_ == 0) return;
  for (size_t block = 0; block < full_words_.size(); ++block) {
    const uint64_t rows = std::min<uint64_t>(kBlockRows, row_count_ - block * kBlockRows);
    SetRange(words_.data() + block * kBlockWords, 0, static_cast<uint32_t>(rows - 1));
    NoticeFull(block);
  }
}

void RowBits::Add(absl::Span<const uint32_t> rows) {
  for (const uint32_t row : rows) words_[row / 64] |= uint64_t{1} << (row % 64);
}

void RowBits::Add(const RowSet& rows) {
  const std::string bytes = rows.Serialise();
  AddSerialised({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}

size_t RowBits::WordCountOf(size_t block) const {
  return static_cast<size_t>(std::min<uint64_t>(kBlockWords, (row_count_ + 63) / 64 - block * kBlockWords));
}

void RowBits::NoticeFull(size_t block) {
  const size_t word_count = WordCountOf(block);
  const uint64_t* const words = words_.data() + block * kBlockWords;
  uint32_t& full = full_words_[block];
  if (full == word_count) return;
  while (full + 1 < word_count && words[full] == ~uint64_t{0}) ++full;
  if (full + 1 < word_count) return;
  const bool is_last_block = block + 1 == full_words_.size();
  const uint32_t rest = is_last_block ? static_cast<uint32_t>(row_count_ % 64) : 0;
  if (words[full] != BitsBefore(rest == 0 ? 64 : rest)) return;
  ++full;
  ++full_block_count_;
}

bool RowBits::AddContainer(const RowContainer& container) {
  if (container.number >= full_words_.size()) return false;
  const size_t block = container.number;
  // Its places are not looked at: what a damaged one holds, a checksum tells.
  if (full_words_[block] == WordCountOf(block)) return true;
  uint64_t* const words = words_.data() + block * kBlockWords;
  const uint8_t* const bytes = container.bytes;
  switch (container.kind) {
    case RowContainer::Kind::kList:
      for (uint32_t i = 0; i < container.count; ++i) SetBit(words, Load<uint16_t>(bytes + 2 * i));
      break;
    case RowContainer::Kind::kBits:
      for (size_t word = 0; word < kBlockWords; ++word) words[word] |= Load<uint64_t>(bytes + 8 * word);
      break;
    case RowContainer::Kind::kRuns:
      for (uint32_t i = 0; i < container.count; ++i) {
        const uint32_t first = Load<uint16_t>(bytes + 4 * i);
        const uint32_t last = first + Load<uint16_t>(bytes + 4 * i + 2);
        if (last >= kBlockRows) return false;
        SetRange(words, first, last);
      }
      break;
  }
  NoticeFull(block);
  return block + 1 < full_words_.size() || !HasRowsBehindEnd();
}

uint64_t RowBits::CountMissing() const {
  uint64_t count = row_count_;
  for (size_t block = 0; block < full_words_.size(); ++block) count -= CountBlock(words_.data() + block * kBlockWords);
  return count;
}

std::vector<uint32_t> RowBits::Missing() const {
  std::vector<uint32_t> rows;
  for (size_t word = 0; word * 64 < row_count_; ++word) {
    const uint64_t in_range = BitsBefore(static_cast<uint32_t>(std::min<uint64_t>(64, row_count_ - word * 64)));
    for (uint64_t left = ~words_[word] & in_range; left != 0; left &= left - 1) {
      rows.push_back(static_cast<uint32_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
  }
  return rows;
}

bool RowBits::AddSerialised(absl::Span<const uint8_t> bytes) {
  RowContainerReader reader(bytes);
  RowContainer container;
  while (reader.Next(&container)) {
    if (!AddContainer(container)) return false;
  }
  return !reader.is_malformed();
}

bool RowBits::HasRowsBehindEnd() const {
  // They could only be in the last block.
  const size_t end_word = static_cast<size_t>(row_count_ / 64);
  for (size_t word = end_word; word < words_.size(); ++word) {
    if ((words_[word] & (word == end_word ? BitsFrom(row_count_ % 64) : ~uint64_t{0})) != 0) return true;
  }
  return false;
}

RowSet RowBits::Finish() && {
  // Written as a file whose containers are the blocks: adding the rows one by one would take ten times as long.
  struct Block {
    size_t number;
    uint32_t row_count;
  };
  std::vector<Block> blocks;
  size_t size_bytes = 8;
  for (size_t number = 0; number < full_words_.size(); ++number) {
    const uint32_t count = CountBlock(words_.data() + number * kBlockWords);
    if (count == 0) continue;
    blocks.push_back({number, count});
    size_bytes += 8 + RoaringContainerBytes(count);
  }
  if (blocks.empty()) return RowSet();
  std::string file;
  file.reserve(size_bytes);
  Append(&file, kRoaringCookie);
  Append(&file, static_cast<uint32_t>(blocks.size()));
  for (const Block& block : blocks) {
    Append(&file, static_cast<uint16_t>(block.number));
    Append(&file, static_cast<uint16_t>(block.row_count - 1));
  }
  size_t offset = 8 + 8 * blocks.size();
  for (const Block& block : blocks) {
    Append(&file, static_cast<uint32_t>(offset));
    offset += RoaringContainerBytes(block.row_count);
  }
  for (const Block& block : blocks) {
    const uint64_t* const words = words_.data() + block.number * kBlockWords;
    if (block.row_count > kRoaringListRowsMax) {
      file.append(reinterpret_cast<const char*>(words), kBlockWords * sizeof(uint64_t));
      continue;
    }
    for (size_t word = 0; word < kBlockWords; ++word) {
      for (uint64_t left = words[word]; left != 0; left &= left - 1) {
        Append(&file, static_cast<uint16_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
      }
    }
  }
  std::optional<RowSet> rows = RowSet::Parse(file);
  // What is well-formed is refused for lack of memory only.
  if (!rows.has_value()) throw std::bad_alloc();
  return *std::move(rows);
}

}  // namespace millrace
