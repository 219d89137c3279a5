// A bit for each row of a snapshot: what the sets of many tags are joined in, and what passes over columns narrow.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/snapshot/row_set.h"

namespace millrace {

struct RowContainer;

// Takes an eighth of a byte a row, whatever is added. Not thread-safe.
class RowBits {
 public:
  // No row is set.
  explicit RowBits(uint64_t row_count);

  void AddAll();
  // Requires rows of the snapshot.
  void Add(absl::Span<const uint32_t> rows);
  void Add(const RowSet& rows);
  // What RowSet::Serialise wrote, without making a RowSet of it. False when it is not that, or has rows that the
  // snapshot has not; the bits mean nothing then.
  bool AddSerialised(absl::Span<const uint8_t> bytes);
  // Whether every row is set: no more need be added. Rows that came by Add alone may go unnoticed.
  bool IsFull() const { return full_block_count_ == full_words_.size(); }
  // Rows that are not set: how many, and which, ascending.
  uint64_t CountMissing() const;
  std::vector<uint32_t> Missing() const;

  // Row 64 * w + i is bit i of word w. Bits behind the last row must stay 0. Nothing may be added behind a change.
  absl::Span<uint64_t> words() { return absl::MakeSpan(words_).first(static_cast<size_t>((row_count_ + 63) / 64)); }

  RowSet Finish() &&;

 private:
  bool AddContainer(const RowContainer& container);
  // Moves the block's full_words_ on.
  void NoticeFull(size_t block);
  size_t WordCountOf(size_t block) const;
  bool HasRowsBehindEnd() const;

  const uint64_t row_count_;
  std::vector<uint64_t> words_;  // whole blocks of 65,536 rows, as containers are
  // How many words of each block are known to be full, from its beginning on; as many as it has rows for: all.
  std::vector<uint32_t> full_words_;
  size_t full_block_count_ = 0;
};

}  // namespace millrace
