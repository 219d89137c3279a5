#include "core/snapshot/row_set_builder.h"

#include <bit>
#include <cstring>
#include <new>
#include <optional>
#include <utility>

namespace millrace {
namespace {

template <typename T>
void Append(std::string* bytes, T value) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace

void RowSetBuilder::Add(uint32_t number, const Block& block) {
  uint32_t row_count = 0;
  for (const uint64_t word : block) row_count += static_cast<uint32_t>(std::popcount(word));
  if (row_count == 0) return;
  containers_.push_back({static_cast<uint16_t>(number), row_count, bytes_.size()});
  if (row_count > kRoaringListRowsMax) {
    bytes_.append(reinterpret_cast<const char*>(block.data()), sizeof block);
    return;
  }
  for (size_t word = 0; word < block.size(); ++word) {
    for (uint64_t left = block[word]; left != 0; left &= left - 1) {
      Append(&bytes_, static_cast<uint16_t>(word * 64 + static_cast<size_t>(std::countr_zero(left))));
    }
  }
}

RowSet RowSetBuilder::Finish() && {
  if (containers_.empty()) return RowSet();
  std::string file;
  const size_t header_bytes = 8 + 8 * containers_.size();
  file.reserve(header_bytes + bytes_.size());
  Append(&file, kRoaringCookie);
  Append(&file, static_cast<uint32_t>(containers_.size()));
  for (const Container& container : containers_) {
    Append(&file, container.number);
    Append(&file, static_cast<uint16_t>(container.row_count - 1));
  }
  for (const Container& container : containers_) Append(&file, static_cast<uint32_t>(header_bytes + container.offset));
  file += bytes_;
  std::optional<RowSet> rows = RowSet::Parse(file);
  // What is well-formed is refused for lack of memory only.
  if (!rows.has_value()) throw std::bad_alloc();
  return *std::move(rows);
}

}  // namespace millrace
