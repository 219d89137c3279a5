// Tags whose category a source's pages did not tell, and those that its board was asked about. Functions on one
// connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/source.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Names of the dataset's tags without a category that the source is to ask its board about by `now_us`, ascending.
absl::StatusOr<std::vector<std::string>> ReadTagsToAsk(Database& database, int64_t dataset_id, int64_t source_id,
                                                       int64_t now_us, int64_t limit);
// The board answered about these names: those that have no category still are asked about again at `ask_again_at_us`.
absl::Status PutAskedTags(Database& database, int64_t dataset_id, int64_t source_id,
                          const std::vector<std::string>& names, int64_t ask_again_at_us);
// It failed to.
absl::Status PutFailedTags(Database& database, const FailedTagLookup& lookup, int64_t now_us);
// Forgets failures of names that no tag without a category has any more: nobody asks about these again.
absl::Status ForgetFailedTags(Database& database, int64_t dataset_id, int64_t source_id);

}  // namespace millrace
