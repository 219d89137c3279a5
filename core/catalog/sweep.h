// Removing what imports leave behind: rows that a failed one staged, and rows that a committed one hid. In short
// transactions, so that nobody waits for long, and so that it can stop anywhere and go on later.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "core/catalog/connections.h"

namespace millrace {

// Asked between transactions whether to stop.
using SweepCancelled = std::function<bool()>;

// Removes what the import left behind and notes that it is swept. Requires that it is not running. Two may sweep one
// import at a time: each transaction looks for what is still there. kCancelled, with what is left to sweep left.
absl::Status SweepImport(Connections& connections, int64_t import_id, const SweepCancelled& cancelled = {});

// Sweeps every import, or every one of the dataset, that is not swept and not running.
absl::Status SweepImports(Connections& connections, std::optional<int64_t> dataset_id,
                          const SweepCancelled& cancelled = {});

}  // namespace millrace
