// The tables of a danbooru-meta SQLite file: what must be there, and how they refer to one another.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/record.h"

namespace millrace {

struct DanbooruMetaSchema {
  // SQL for the column of `posts` that post_tags.post_id refers to, and for post_tags.post_id, as integers.
  std::string post_key;
  std::string reference;
  bool refers_to_dense_id = false;  // posts.id rather than posts.post_id
  RatingScheme rating_scheme = RatingScheme::kThreeStep;
  std::vector<std::string> extra_columns;      // of `posts`, beyond those of the format
  std::vector<std::string> extra_tag_columns;  // of `tags`, likewise
  std::optional<int64_t> stated_post_count;    // stats.num_posts
};

// Reads and checks them. kFileInvalid, without the file's name, when a table or column is missing, is not a plain one
// (a view or a virtual table could run code of the file's author), or when the references fit neither column.
absl::StatusOr<DanbooruMetaSchema> ReadDanbooruMetaSchema(Database& database);

}  // namespace millrace
