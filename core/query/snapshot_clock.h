// What "now" is in a query.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// The latest created_at of the snapshot's posts, in microseconds since 1970; absent when none has one. Ages are counted
// from it, so that a query means the same posts for ever. kSnapshotDamaged.
absl::StatusOr<std::optional<int64_t>> NewestCreatedAt(const Snapshot& snapshot);

}  // namespace millrace
