// The catalog's schema, as the steps that lead to it from nothing.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Marks a SQLite file as a catalog of Millrace ("Mill"). Never changes.
inline constexpr int64_t kCatalogApplicationId = 0x4D696C6C;

// The schema that this program reads and writes.
int64_t CatalogSchemaVersion();

// Brings the file behind `database` to CatalogSchemaVersion() in one transaction; an empty file becomes a
// catalog. kSchemaTooNew when a newer program wrote it, kCatalogDamaged when it is something else. Sets what
// has to be set before the first table (page size, WAL).
absl::Status MigrateCatalog(Database& database, std::string_view path);

}  // namespace millrace
