// A bit for each row of a snapshot: what the sets of many tags are joined in.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/types/span.h"
#include "core/snapshot/row_set.h"
#include "core/snapshot/row_set_builder.h"

namespace millrace {

// Takes an eighth of a byte a row, whatever is added. Not thread-safe.
class RowBits {
 public:
  explicit RowBits(uint64_t row_count);

  // Requires rows of the snapshot.
  void Add(absl::Span<const uint32_t> rows);
  // What RowSet::Serialise wrote, without making a RowSet of it. False when it is not that, or has rows that the
  // snapshot has not; the bits mean nothing then.
  bool AddSerialised(absl::Span<const uint8_t> bytes);
  RowSet Finish() &&;

 private:
  const uint64_t row_count_;
  std::vector<RowSetBuilder::Block> blocks_;
};

}  // namespace millrace
