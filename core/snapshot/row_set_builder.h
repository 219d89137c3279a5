// A set of rows made from bits, a block of 65,536 rows at a time: what a pass over columns finds.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/snapshot/row_set.h"

namespace millrace {

// RoaringFormatSpec: a file without runs begins with this number, and containers of at most so many elements are lists.
inline constexpr uint32_t kRoaringCookie = 12346;
inline constexpr uint32_t kRoaringListRowsMax = 4096;

// Writes the portable format that RowSet::Parse reads, whose containers are such blocks; adding the rows one by one
// would take ten times as long. Not thread-safe.
class RowSetBuilder {
 public:
  static constexpr uint32_t kBlockRows = 65536;
  // A bit a row of a block.
  using Block = std::array<uint64_t, kBlockRows / 64>;

  // The rows number * kBlockRows + i for the bits i that are set. Requires ascending numbers.
  void Add(uint32_t number, const Block& block);
  RowSet Finish() &&;

 private:
  struct Container {
    uint16_t number;
    uint32_t row_count;
    size_t offset;  // in bytes_
  };
  std::vector<Container> containers_;
  std::string bytes_;
};

}  // namespace millrace
