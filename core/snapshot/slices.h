// Columns of neighbouring rows, as they lie in a snapshot's mapped file. They live as long as the snapshot.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"

namespace millrace {

// A number that a post may lack. Both spans are empty when none of the rows has one; otherwise they have an element
// a row, and `values` is 0 where the number is absent.
template <typename T>
struct OptionalSlice {
  absl::Span<const T> values;
  absl::Span<const uint32_t> presence;
  uint32_t presence_bit = 0;

  bool empty() const { return values.empty(); }
  // Whether the row at place i of the slice has the number.
  bool has(size_t i) const { return !values.empty() && (presence[i] & presence_bit) != 0; }
};

// A list of values a row.
template <typename T>
struct ListSlice {
  absl::Span<const T> values;          // of all rows of the slice
  absl::Span<const uint64_t> offsets;  // one more than rows, the first one where `values` begins; empty: empty lists

  // Of the row at place i of the slice.
  absl::Span<const T> operator[](size_t i) const {
    if (offsets.empty()) return {};
    return values.subspan(offsets[i] - offsets[0], offsets[i + 1] - offsets[i]);
  }
};

}  // namespace millrace
