// Datasets and their figures. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/sqlite.h"
#include "core/model/stats.h"

namespace millrace {

struct DatasetRow {
  int64_t id = 0;
  std::string name;
  // The newest import that was committed. Absent: none was yet, and callers of the catalog do not see the dataset.
  std::optional<int64_t> committed_import_id;
  int64_t created_at_us = 0;
  int64_t post_count = 0;
  int64_t tag_use_count = 0;
  std::optional<int64_t> min_post_id;
  std::optional<int64_t> max_post_id;
};

absl::Status DatasetNotFoundError(std::string_view dataset);

// The dataset of that name, seen or not.
absl::StatusOr<std::optional<DatasetRow>> ReadDataset(Database& database, std::string_view name);
// The dataset of that name that callers may see; otherwise kDatasetNotFound.
absl::StatusOr<DatasetRow> FindDataset(Database& database, std::string_view name);
// The dataset of that name; makes one that is not yet seen when there is none.
absl::StatusOr<DatasetRow> FindOrAddDataset(Database& database, std::string_view name);

absl::StatusOr<std::vector<DatasetInfo>> ReadDatasetInfos(Database& database, std::string_view after, int64_t limit);
absl::StatusOr<DatasetInfo> ReadDatasetInfo(Database& database, const DatasetRow& row);

// Everything was counted when it was committed: nothing is scanned.
absl::StatusOr<Stats> ReadStats(Database& database, const DatasetRow& row);
// Adds the counts of `change` (negative ones too) and widens the id range; tag_count is not stored, it is the sum
// over the categories. Shows the posts up to `import_id`, and the dataset itself from its first commit on.
absl::Status CommitDataset(Database& database, int64_t dataset_id, int64_t import_id, int64_t now_us,
                           const Stats& change);

}  // namespace millrace
