// The records of imports. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/import_session.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// "imp-000000000012": of one width, so that ids sort as they were given.
std::string ImportIdText(int64_t import_id);
std::optional<int64_t> ParseImportId(std::string_view text);

// The committed import of that request.
absl::StatusOr<std::optional<ImportRecord>> ReadCommittedImport(Database& database, std::string_view request_id);
absl::StatusOr<std::optional<ImportRecord>> ReadImport(Database& database, int64_t import_id);
// Newest first; all datasets when dataset_id is absent.
absl::StatusOr<std::vector<ImportRecord>> ReadImports(Database& database, std::optional<int64_t> dataset_id,
                                                      std::optional<TimeCursor> after, int64_t limit);

// Adds a running import and returns its id.
absl::StatusOr<int64_t> AddRunningImport(Database& database, int64_t dataset_id, const ImportSpec& spec,
                                         int64_t now_us);
absl::Status MarkCommitted(Database& database, int64_t import_id, const ImportOutcome& outcome);
absl::Status MarkFailed(Database& database, int64_t import_id, const absl::Status& error);
// False when there is no such import.
absl::StatusOr<bool> SetSnapshotOfImport(Database& database, int64_t import_id, std::string_view digest);

}  // namespace millrace
