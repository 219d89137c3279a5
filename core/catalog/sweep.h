// Removing what imports leave behind: rows that a failed one staged, and rows that a committed one hid. In short
// transactions, so that nobody waits for long, and so that it can stop anywhere and go on later.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "core/catalog/connections.h"

namespace millrace {

// Removes what the import left behind and notes that it is swept. Requires that it is not running.
absl::Status SweepImport(Connections& connections, int64_t import_id);

// Sweeps every import, or every one of the dataset, that is not swept and not running.
absl::Status SweepImports(Connections& connections, std::optional<int64_t> dataset_id);

}  // namespace millrace
