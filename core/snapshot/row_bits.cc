#include "core/snapshot/row_bits.h"

#include <cstddef>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

namespace millrace {
namespace {

constexpr uint32_t kBlockRows = RowSetBuilder::kBlockRows;

template <typename T>
T Load(const uint8_t* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

void Set(RowSetBuilder::Block* block, uint32_t place) { (*block)[place / 64] |= uint64_t{1} << (place % 64); }

}  // namespace

RowBits::RowBits(uint64_t row_count) : row_count_(row_count), blocks_((row_count + kBlockRows - 1) / kBlockRows) {
  for (RowSetBuilder::Block& block : blocks_) block.fill(0);
}

void RowBits::Add(absl::Span<const uint32_t> rows) {
  for (const uint32_t row : rows) Set(&blocks_[row / kBlockRows], row % kBlockRows);
}

// RoaringFormatSpec, the form without runs: cookie and number of containers, each one's key and size less one, each
// one's offset, then the containers: a sorted list of 16-bit numbers, or a bit a number where that is smaller.
bool RowBits::AddSerialised(absl::Span<const uint8_t> bytes) {
  if (bytes.size() < 8) return false;
  if (Load<uint32_t>(bytes.data()) != kRoaringCookie) {
    const std::optional<RowSet> rows =
        RowSet::Parse(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
    if (!rows.has_value() || (!rows->IsEmpty() && rows->Last() >= row_count_)) return false;
    Add(rows->ToVector());
    return true;
  }
  const size_t count = Load<uint32_t>(bytes.data() + 4);
  if (count > blocks_.size() || bytes.size() < 8 + 8 * count) return false;
  size_t offset = 8 + 8 * count;
  for (size_t i = 0; i < count; ++i) {
    const uint32_t number = Load<uint16_t>(bytes.data() + 8 + 4 * i);
    const uint32_t size = Load<uint16_t>(bytes.data() + 8 + 4 * i + 2) + uint32_t{1};
    const bool is_list = size <= kRoaringListRowsMax;
    const size_t size_bytes = is_list ? size * sizeof(uint16_t) : sizeof(RowSetBuilder::Block);
    if (number >= blocks_.size() || bytes.size() - offset < size_bytes) return false;
    RowSetBuilder::Block& block = blocks_[number];
    const uint8_t* const container = bytes.data() + offset;
    if (is_list) {
      for (uint32_t k = 0; k < size; ++k) Set(&block, Load<uint16_t>(container + k * sizeof(uint16_t)));
    } else {
      for (size_t word = 0; word < block.size(); ++word) block[word] |= Load<uint64_t>(container + word * 8);
    }
    offset += size_bytes;
  }
  // Rows behind the last one could only be in the last block.
  const uint32_t end = static_cast<uint32_t>(row_count_ % kBlockRows);
  if (end == 0 || blocks_.empty()) return true;
  for (size_t word = end / 64; word < blocks_.back().size(); ++word) {
    const uint64_t in_range = word == end / 64 ? (uint64_t{1} << (end % 64)) - 1 : 0;
    if ((blocks_.back()[word] & ~in_range) != 0) return false;
  }
  return true;
}

RowSet RowBits::Finish() && {
  RowSetBuilder builder;
  for (size_t number = 0; number < blocks_.size(); ++number) {
    builder.Add(static_cast<uint32_t>(number), blocks_[number]);
  }
  return std::move(builder).Finish();
}

}  // namespace millrace
