// Why a plan's query selects a post, or does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/model/tag_reading.h"
#include "core/query/cancel.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// A sentence. `element` is what the row is in the selection of `selection_size`; nothing when it is not selected. Reads
// nothing but the row. kSnapshotDamaged; kQueryInvalid for a query that is not of this snapshot; kCancelled when
// `cancelled` returns true.
absl::StatusOr<std::string> ExplainSelection(std::string_view query, const Snapshot& snapshot, TagReading reading,
                                             int64_t row, std::optional<int64_t> element, int64_t selection_size,
                                             const Cancelled& cancelled);

}  // namespace millrace
