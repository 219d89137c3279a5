// Columns of a batch: where each lies in the batch's body, and what it is. docs/batch-format.md has the format.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/inlined_vector.h"
#include "absl/types/span.h"

namespace millrace {

// Numbers as in the contract (millrace.v1.DataType).
enum class ColumnType : uint8_t { kUint8 = 1, kInt32 = 2, kInt64 = 3 };

template <typename T>
constexpr ColumnType ColumnTypeOf() {
  if constexpr (sizeof(T) == 1) return ColumnType::kUint8;
  if constexpr (sizeof(T) == 4) return ColumnType::kInt32;
  if constexpr (sizeof(T) == 8) return ColumnType::kInt64;
}

// Every column begins at a multiple of this, so that a reader may use it where it lies, whatever its type.
inline constexpr size_t kColumnAlignmentBytes = 64;

// How many bytes lie between `size_bytes` and the next multiple.
constexpr size_t ColumnPaddingBytes(size_t size_bytes) {
  return (kColumnAlignmentBytes - size_bytes % kColumnAlignmentBytes) % kColumnAlignmentBytes;
}

struct ColumnInfo {
  std::string_view name;  // lives as long as the writer that the column is of
  ColumnType type = ColumnType::kUint8;
  absl::InlinedVector<int64_t, 2> shape;
  size_t offset_bytes = 0;
  size_t size_bytes = 0;
};

// The columns of one batch, laid one behind the other. Not thread-safe; its memory is used again.
class ColumnLayout {
 public:
  void Clear() {
    columns_.clear();
    end_bytes_ = 0;
  }
  // Adds a column behind the others. Returns its place among them.
  template <typename T>
  size_t Add(std::string_view name, absl::InlinedVector<int64_t, 2> shape) {
    ColumnInfo& column = columns_.emplace_back();
    column.name = name;
    column.type = ColumnTypeOf<T>();
    column.offset_bytes = end_bytes_ + ColumnPaddingBytes(end_bytes_);
    column.size_bytes = sizeof(T);
    for (const int64_t count : shape) column.size_bytes *= static_cast<size_t>(count);
    column.shape = std::move(shape);
    end_bytes_ = column.offset_bytes + column.size_bytes;
    return columns_.size() - 1;
  }

  absl::Span<const ColumnInfo> columns() const { return columns_; }
  // The body's size: the end of the last column.
  size_t size_bytes() const { return end_bytes_; }

 private:
  std::vector<ColumnInfo> columns_;
  size_t end_bytes_ = 0;
};

// A body that is being filled. Borrows both.
class ColumnBody {
 public:
  // Requires layout.size_bytes() bytes at a multiple of kColumnAlignmentBytes.
  ColumnBody(const ColumnLayout& layout, uint8_t* bytes) : layout_(layout), bytes_(bytes) {}

  // The elements of the column at a place, of the type that it was added with.
  template <typename T>
  absl::Span<T> Column(size_t place) const {
    const ColumnInfo& column = layout_.columns()[place];
    return {reinterpret_cast<T*>(bytes_ + column.offset_bytes), column.size_bytes / sizeof(T)};
  }

 private:
  const ColumnLayout& layout_;
  uint8_t* bytes_;
};

}  // namespace millrace
