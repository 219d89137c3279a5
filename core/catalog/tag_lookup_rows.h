// Tags whose category a source's pages did not tell, and those that its board was asked about. Functions on one
// connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Names of the dataset's tags without a category that the source did not ask its board about since `asked_before_us`,
// ascending.
absl::StatusOr<std::vector<std::string>> ReadTagsToAsk(Database& database, int64_t dataset_id, int64_t source_id,
                                                       int64_t asked_before_us, int64_t limit);
// Notes that the board was asked about these names, of those that have no category still.
absl::Status PutAskedTags(Database& database, int64_t dataset_id, int64_t source_id,
                          const std::vector<std::string>& names, int64_t now_us);

}  // namespace millrace
