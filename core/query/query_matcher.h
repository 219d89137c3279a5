// Which of several queries is the first that a row matches: weights, and the parts of a mix.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/query/bound_query.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Borrows the snapshot, and the queries are bound to it. Not thread-safe: the first call about more than one row
// evaluates every query for all rows, and later calls look the answers up (two bytes a row).
class QueryMatcher {
 public:
  static constexpr uint16_t kNone = 0xFFFF;
  static constexpr size_t kQueryCountMax = kNone;

  // Requires at most kQueryCountMax queries.
  QueryMatcher(const Snapshot& snapshot, std::vector<BoundQuery> queries)
      : snapshot_(&snapshot), queries_(std::move(queries)) {}

  // matches[i] = the number of the first query that rows[i] matches, or kNone. Requires rows of the snapshot and spans
  // of one size. kSnapshotDamaged.
  absl::Status FirstMatches(absl::Span<const uint32_t> rows, absl::Span<uint16_t> matches);

 private:
  absl::Status EvaluateAll();

  const Snapshot* snapshot_;
  std::vector<BoundQuery> queries_;
  std::vector<uint16_t> by_row_;
};

}  // namespace millrace
