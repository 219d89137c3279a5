// An ascending list of rows in a few bits each, readable at any place: Elias and Fano's representation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

// Immutable, so thread-safe. With m rows below a limit of n it takes about 2.5 + log2(n / m) bits a row, for any m.
class RowList {
 public:
  RowList() = default;
  // Requires strictly ascending rows below `limit`, which is at most 2^32.
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
  friend class RowListBuilder;

  // Of a row, the bits above the lowest low_bits_ are its bucket. Row number i of bucket b is the one bit number i of
  // upper_, at place i + b.
  int64_t UpperStart(int64_t index) const;
  int64_t BucketOf(int64_t index) const;

  int64_t size_ = 0;
  uint32_t low_bits_ = 0;
  std::vector<uint64_t> upper_;
  std::vector<uint64_t> lower_;         // low_bits_ a row, end to end; a word more than needed
  std::vector<uint32_t> hint_buckets_;  // the buckets of rows 0, kHintRows, 2 * kHintRows, ...
};

// Makes a list of rows that come part by part. Not thread-safe.
class RowListBuilder {
 public:
  // Requires 0 <= size <= limit <= 2^32.
  RowListBuilder(int64_t size, int64_t limit);
  // Requires rows below the limit, strictly ascending and above those already added.
  void Add(absl::Span<const uint32_t> rows);
  // Requires that `size` rows were added. The builder is of no use afterwards.
  RowList Finish() { return std::move(list_); }

 private:
  RowList list_;
  uint64_t added_count_ = 0;
};

}  // namespace millrace
