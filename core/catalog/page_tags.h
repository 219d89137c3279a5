// The ids of tags that a page knows by name.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/import_session.h"
#include "core/catalog/source.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Of one page, within the write transaction that the page is written in. The id of a name is that of the dataset's tag
// of that name (of several, the smallest), or else a derived one: a function of the name alone, so that the same posts
// get the same ids in whatever order they come. Not thread-safe.
class PageTags {
 public:
  PageTags(Database* database, int64_t dataset_id) : database_(*database), dataset_id_(dataset_id) {}

  // The tags with their ids: ascending, each once; names are borrowed from `tags`. Tags that have an id keep it. A tag
  // whose category the page does not tell keeps the one that it has in the dataset.
  absl::StatusOr<std::vector<ImportedTag>> Resolve(const std::vector<PageTag>& tags);

 private:
  struct Known {
    int64_t id = 0;
    TagCategory category = TagCategory::kUnspecified;
  };
  absl::StatusOr<Known> Find(std::string_view name);
  absl::StatusOr<int64_t> DeriveId(std::string_view name);

  Database& database_;
  const int64_t dataset_id_;
  absl::flat_hash_map<std::string, Known> known_by_name_;
  absl::flat_hash_set<int64_t> derived_ids_;
};

}  // namespace millrace
