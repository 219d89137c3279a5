// Which rows of a snapshot match a query.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/query/bound_query.h"
#include "core/snapshot/row_set.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Terms on tags come from the snapshot's postings, all others from the columns, of the rows only that the cheaper
// terms have left. Without postings (a full disk, or while they are being made) lists of tags are read instead.
//
// `query` is bound to the snapshot. kSnapshotDamaged; kCancelled when `cancelled` returns true.
absl::StatusOr<RowSet> SelectRows(const BoundQuery& query, const Snapshot& snapshot, const Cancelled& cancelled = {});
// Those of `within`.
absl::StatusOr<RowSet> SelectRows(const BoundQuery& query, const Snapshot& snapshot, const RowSet& within,
                                  const Cancelled& cancelled = {});
// The rows for which one node or term of the query holds.
absl::StatusOr<RowSet> SelectRows(const BoundQuery& query, const QueryNode& node, const Snapshot& snapshot,
                                  const Cancelled& cancelled = {});
// Whether one row matches, without postings. Requires a row in range.
absl::StatusOr<bool> Matches(const BoundQuery& query, const Snapshot& snapshot, int64_t row);
absl::StatusOr<bool> Matches(const BoundQuery& query, const QueryNode& node, const Snapshot& snapshot, int64_t row);

}  // namespace millrace
