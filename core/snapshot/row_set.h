// A set of a snapshot's rows as a compressed bitmap (CRoaring, whose header stays in row_set.cc).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

// A value that moves; copies are asked for by name. Not thread-safe while it is changed.
class RowSet {
 public:
  RowSet();  // the empty set
  ~RowSet();
  RowSet(RowSet&& other) noexcept;
  RowSet& operator=(RowSet&& other) noexcept;

  // The rows first, ..., end - 1. Requires end <= 2^32.
  static RowSet Range(uint64_t first, uint64_t end);
  // Requires ascending rows, each once.
  static RowSet FromAscending(absl::Span<const uint32_t> rows);
  // What Serialise wrote; nothing when the bytes do not have that format. Whether containers that are well-formed hold
  // what was written is for a checksum to say.
  static std::optional<RowSet> Parse(std::string_view bytes);
  // RoaringFormatSpec's portable format, which other implementations and later versions read.
  std::string Serialise() const;
  RowSet Clone() const;

  uint64_t Count() const;
  bool IsEmpty() const;
  bool Contains(uint32_t row) const;
  uint32_t Last() const;  // requires that there is one
  std::vector<uint32_t> ToVector() const;
  // The `count` elements from the element number `offset` on, in ascending order; fewer at the end.
  std::vector<uint32_t> Slice(uint64_t offset, uint64_t count) const;

  void And(const RowSet& other);
  void Or(const RowSet& other);
  void AndNot(const RowSet& other);

  // Reads the rows in ascending order. Borrows the set, which must not change meanwhile.
  class Reader {
   public:
    explicit Reader(const RowSet& rows);
    ~Reader();
    Reader(const Reader&) = delete;
    Reader& operator=(const Reader&) = delete;
    // Fills `rows` from its beginning; the number of rows that it got, less than its size at the end only.
    size_t Read(absl::Span<uint32_t> rows);

   private:
    void* const iterator_;
  };

 private:
  explicit RowSet(void* bitmap);

  void* bitmap_;  // a roaring_bitmap_t; null in an object that was moved from
};

}  // namespace millrace
