// An ascending list of rows in a few bits each, readable at any place: Elias and Fano's representation.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

// Immutable, so thread-safe. With m rows below a limit of n it takes about 2 + log2(n / m) bits a row, for any m.
class RowList {
 public:
  RowList() = default;
  // Requires strictly ascending rows below `limit`.
  static RowList FromAscending(absl::Span<const uint32_t> rows, int64_t limit);

  int64_t size() const { return size_; }
  // The row at a place. Requires 0 <= index < size().
  int64_t At(int64_t index) const;
  // values[i] = At(values[i]), in place.
  void Apply(absl::Span<int64_t> values) const;
  // The place of a row; nothing when the list does not hold it.
  std::optional<int64_t> Find(int64_t row) const;
  size_t memory_bytes() const;

 private:
  int64_t size_ = 0;
};

}  // namespace millrace
