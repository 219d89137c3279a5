// Terms that are told from a snapshot's columns, row by row.
#pragma once

#include "absl/status/statusor.h"
#include "core/query/bound_query.h"
#include "core/snapshot/row_set.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// The rows of `within` (null: of the snapshot) for which the term holds. Reads the columns of these rows only. Any kind
// of term but kNothing, kEverything, kRows, kRowRange and kParents; kTags by the rows' lists of tags. kSnapshotDamaged;
// kCancelled when `cancelled` returns true.
absl::StatusOr<RowSet> FilterColumn(const BoundTerm& term, const Snapshot& snapshot, const RowSet* within,
                                    const Cancelled& cancelled);

}  // namespace millrace
