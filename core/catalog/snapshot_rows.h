// The records of snapshots. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// See Catalog for what each does.
absl::StatusOr<bool> AddSnapshotRow(Database& database, int64_t dataset_id, const SnapshotRecord& record);
absl::StatusOr<SnapshotRecord> ReadSnapshot(Database& database, std::string_view digest_or_prefix);
// Of all datasets when dataset_id is absent.
absl::StatusOr<std::vector<SnapshotRecord>> ReadSnapshots(Database& database, std::optional<int64_t> dataset_id,
                                                          const std::optional<TimeCursor>& after, int64_t limit);
absl::Status DeleteSnapshotRow(Database& database, std::string_view digest);

}  // namespace millrace
