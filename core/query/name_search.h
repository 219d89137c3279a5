// Patterns that say nothing of how a name begins: a search through all names of a snapshot.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/query/cancel.h"
#include "core/query/glob.h"
#include "core/snapshot/tag_table.h"

namespace millrace {

// Tag indexes of the names that match, ascending. Looks through the names as one text for the longest part of the
// pattern, 64 places at a time, and only where that stands at the name around it. kSnapshotDamaged; kCancelled.
absl::StatusOr<std::vector<uint32_t>> FindNames(const Glob& pattern, const snapshot_file::TagTable& tags,
                                                const Cancelled& cancelled);

}  // namespace millrace
