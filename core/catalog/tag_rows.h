// The tags of a dataset. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"
#include "core/model/post.h"
#include "core/model/tag_query.h"

namespace millrace {

// kUnspecified for a number that is no category.
TagCategory TagCategoryOf(int64_t stored);

// Whether the dataset has a tag.
absl::StatusOr<bool> HasTags(Database& database, int64_t dataset_id);
absl::StatusOr<std::optional<Tag>> ReadTag(Database& database, int64_t dataset_id, int64_t tag_id);
// Of the tags of that name the `limit` (at least 1) with the most posts, descending; of as many posts ascending by id.
absl::StatusOr<std::vector<Tag>> ReadTagsByName(Database& database, int64_t dataset_id, std::string_view name,
                                                int64_t limit);
// All tags, ascending by id.
absl::StatusOr<std::vector<Tag>> ReadAllTags(Database& database, int64_t dataset_id);
// Looks at no more than `scan_max` tags.
absl::StatusOr<TagPage> ReadTagPage(Database& database, int64_t dataset_id, const TagQuery& query,
                                    int64_t scan_max = kTagScanMax);

}  // namespace millrace
