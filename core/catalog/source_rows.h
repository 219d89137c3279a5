// Sources. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/source.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// kSourceNotFound.
absl::StatusOr<SourceRecord> ReadSource(Database& database, std::string_view name);
absl::StatusOr<SourceRecord> ReadSourceById(Database& database, int64_t source_id);
// By name; `after` is the name to go on behind.
absl::StatusOr<std::vector<SourceRecord>> ReadSources(Database& database, std::string_view after, int64_t limit);

// Requires that there is none of the name.
absl::Status AddSourceRow(Database& database, const SourceSettings& settings, int64_t position, int64_t now_us);
// Everything but the name, the dataset and the kind, by id; of changes the whole cursor.
absl::Status UpdateSourceRow(Database& database, const SourceRecord& record, int64_t now_us);
absl::Status MoveSource(Database& database, int64_t source_id, int64_t position, int64_t cursor);
// Where the source follows changes to, unless it stands elsewhere than at `move.from`; a failure of before is over.
absl::Status MoveChangesOfSource(Database& database, int64_t source_id, const ChangeMove& move);
absl::Status SetChangesRetry(Database& database, int64_t source_id, int64_t retry_at_us);
absl::Status SetRelationsFetched(Database& database, int64_t source_id, int64_t now_us);
absl::Status DeleteSourceRow(Database& database, int64_t source_id);

}  // namespace millrace
