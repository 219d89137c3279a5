// Which posts of a snapshot match queries: one pass over the columns they name, block by block, for many at once.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/query/bound_query.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Borrows the snapshot, and the queries are bound to it. Immutable, so thread-safe.
class RowMatcher {
 public:
  static constexpr uint16_t kNone = 0xFFFF;
  static constexpr size_t kQueryCountMax = kNone;

  // Requires at most kQueryCountMax queries.
  RowMatcher(const Snapshot& snapshot, std::vector<BoundQuery> queries);

  // matches[i] = the number of the first query that rows[i] matches, or kNone. Requires ascending rows of the snapshot
  // and spans of one size. kSnapshotDamaged.
  absl::Status FirstMatches(absl::Span<const uint32_t> rows, absl::Span<uint16_t> matches) const;

  // The rows that match at least one query, ascending.
  absl::StatusOr<std::vector<uint32_t>> SelectRows() const;

 private:
  class BlockScan;

  bool IsWanted(uint32_t tag_index) const { return (wanted_tags_[tag_index / 64] >> (tag_index % 64) & 1) != 0; }

  const Snapshot& snapshot_;
  std::vector<BoundQuery> queries_;
  // The tags that the queries name, numbered. A bit a tag tells at once that most tags of a post are none of them.
  std::vector<uint64_t> wanted_tags_;
  absl::flat_hash_map<uint32_t, size_t> tag_slots_;
};

// Whether one row matches. Requires a row in range. kSnapshotDamaged.
absl::StatusOr<bool> Matches(const BoundQuery& query, const Snapshot& snapshot, int64_t row);
// The rows that match, ascending. kSnapshotDamaged.
absl::StatusOr<std::vector<uint32_t>> SelectRows(const BoundQuery& query, const Snapshot& snapshot);

}  // namespace millrace
