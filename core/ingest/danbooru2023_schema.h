// The tables of a danbooru2023 SQLite file: what must be there, and what else is.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"

namespace millrace {

struct Danbooru2023Schema {
  // SQL for Post.id and for the column of PostTagRelation that names it, as integers.
  std::string post_key;
  std::string reference;
  // Columns of PostTagRelation, as they are called: "post" and "tag", or "post_id" and "tag_id".
  std::string relation_post;
  std::string relation_tag;
  bool has_popularity = false;                 // of Tag
  std::vector<std::string> extra_tag_columns;  // of Tag, beyond those of the format
  std::vector<std::string> post_columns;       // all of Post, in the file's order
  // LocalPost is optional: the column that names the post (empty: there is no such table), and the others but its id.
  std::string local_post;
  std::vector<std::string> local_columns;
};

// Reads and checks them. kFileInvalid, without the file's name, when a table or column is missing or not a plain one.
absl::StatusOr<Danbooru2023Schema> ReadDanbooru2023Schema(Database& database);

}  // namespace millrace
