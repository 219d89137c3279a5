#include "core/ingest/danbooru2023_schema.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/sqlite_schema.h"

namespace millrace {
namespace {

// The first of the names that is there; empty when none is.
std::string Choose(const std::vector<std::string>& columns, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (ContainsName(columns, name)) return name;
  }
  return "";
}

absl::Status ReadRelation(Database& database, Danbooru2023Schema* schema) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> columns, PlainColumns(database, "posttagrelation"));
  schema->relation_post = Choose(columns, {"post", "post_id"});
  schema->relation_tag = Choose(columns, {"tag", "tag_id"});
  if (schema->relation_post.empty() || schema->relation_tag.empty()) {
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat("has no column PostTagRelation.", schema->relation_post.empty() ? "post" : "tag",
                                  ". Is this a danbooru2023 file?"));
  }
  MILLRACE_ASSIGN_OR_RETURN(schema->post_key, IntegerColumn(database, "post", "id"));
  MILLRACE_ASSIGN_OR_RETURN(schema->reference, IntegerColumn(database, "posttagrelation", schema->relation_post));
  return absl::OkStatus();
}

absl::Status ReadLocalPosts(Database& database, Danbooru2023Schema* schema) {
  MILLRACE_ASSIGN_OR_RETURN(const bool is_there, HasPlainTable(database, "localpost"));
  if (!is_there) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> columns, PlainColumns(database, "localpost"));
  schema->local_post = Choose(columns, {"post", "post_id"});
  for (const std::string& column : columns) {
    if (!ContainsName({"id", schema->local_post}, column)) schema->local_columns.push_back(column);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Danbooru2023Schema> ReadDanbooru2023Schema(Database& database) {
  MILLRACE_RETURN_IF_ERROR(CheckTables(
      database, {{"post", {"id", "md5", "rating"}}, {"tag", {"id", "name", "type"}}, {"posttagrelation", {}}},
      "danbooru2023"));
  Danbooru2023Schema schema;
  MILLRACE_RETURN_IF_ERROR(ReadRelation(database, &schema));
  MILLRACE_ASSIGN_OR_RETURN(schema.post_columns, PlainColumns(database, "post"));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> tag_columns, PlainColumns(database, "tag"));
  schema.has_popularity = ContainsName(tag_columns, "popularity");
  for (const std::string& column : tag_columns) {
    if (!ContainsName({"id", "name", "type", "popularity"}, column)) schema.extra_tag_columns.push_back(column);
  }
  MILLRACE_RETURN_IF_ERROR(ReadLocalPosts(database, &schema));
  return schema;
}

}  // namespace millrace
