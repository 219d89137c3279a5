// How an import begins: whether it may, and what has to be out of its way.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/connections.h"
#include "core/catalog/dataset_rows.h"
#include "core/catalog/import_session.h"
#include "core/catalog/live_imports.h"

namespace millrace {

// What came of the request: either a running import, or the outcome that the same request had before.
struct BegunRecord {
  DatasetRow dataset;
  int64_t import_id = 0;
  std::optional<ImportOutcome> earlier_outcome;
};

// Checks the request and records the import as running; it is then live, and whoever called must see to its
// end. kFieldInvalid, kRequestIdReused, kImportRunning.
absl::StatusOr<BegunRecord> BeginImportRecord(Connections& connections, LiveImports& live_imports,
                                              const ImportSpec& spec, int64_t now_us);

// kImportRunning while an import into the dataset runs: it has counted on what was there when it began.
absl::Status CheckNoImportRuns(const LiveImports& live_imports, const DatasetRow& dataset);

// Whether imports of the dataset that are over, or were given up, left rows that are still to be removed.
absl::StatusOr<bool> HasUnswept(Database& database, int64_t dataset_id);

// Records imports that are called running but are not live as failed, within a write transaction.
absl::Status FailDeadImports(Database& database, const LiveImports& live_imports);

}  // namespace millrace
