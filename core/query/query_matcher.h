// Which of several queries is the first that a row matches: weights, and the parts of a mix.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/query/bound_query.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Borrows the snapshot. Not thread-safe: the first call about more than one row evaluates every query for all rows, and
// later calls look the answers up (two bytes a row).
class QueryMatcher {
 public:
  static constexpr uint16_t kNone = 0xFFFF;
  static constexpr size_t kQueryCountMax = kNone;
  // A query that lists more tags and rows is bound when it is added, to find what is wrong with it, and again when it
  // is evaluated: hundreds of queries with patterns would otherwise take gigabytes.
  static constexpr size_t kListedCountMax = 65536;

  // `cancelled` may be empty; it ends every method with kCancelled.
  explicit QueryMatcher(const Snapshot& snapshot, Cancelled cancelled = {})
      : snapshot_(&snapshot), cancelled_(std::move(cancelled)) {}

  // As the last one, before any call of FirstMatches. Requires fewer than kQueryCountMax before it. Errors as
  // BoundQuery::Bind.
  absl::Status Add(Query query);

  // matches[i] = the number of the first query that rows[i] matches, or kNone. Requires rows of the snapshot and spans
  // of one size. kSnapshotDamaged.
  absl::Status FirstMatches(absl::Span<const uint32_t> rows, absl::Span<uint16_t> matches);

 private:
  struct Entry {
    Query query;
    std::optional<BoundQuery> bound;  // absent when it is large
  };

  absl::Status EvaluateAll();

  const Snapshot* snapshot_;
  Cancelled cancelled_;
  std::vector<Entry> entries_;
  std::vector<uint16_t> by_row_;
};

}  // namespace millrace
