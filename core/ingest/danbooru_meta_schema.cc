#include "core/ingest/danbooru_meta_schema.h"

#include <string_view>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/sqlite_schema.h"

namespace millrace {
namespace {

const std::vector<std::string_view> kPostColumns = {"id",     "post_id",  "md5",       "rating", "width",
                                                    "height", "file_ext", "file_size", "source", "pixiv_id"};
const std::vector<std::string_view> kTagColumns = {"tag_id", "name", "category"};

// The columns of a table that are not among the known ones.
absl::StatusOr<std::vector<std::string>> FindExtraColumns(Database& database, std::string_view table,
                                                          const std::vector<std::string_view>& known_columns) {
  const std::vector<std::string> known(known_columns.begin(), known_columns.end());
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> columns, PlainColumns(database, table));
  std::erase_if(columns, [&](const std::string& column) { return ContainsName(known, column); });
  return columns;
}

// A reference that `post_key` does not hold; nothing when it covers all.
absl::StatusOr<std::optional<int64_t>> FindUncovered(Database& database, const std::string& reference,
                                                     const std::string& post_key) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.Prepare(absl::StrCat("SELECT ", reference, " FROM post_tags WHERE ", reference, " NOT IN (SELECT ",
                                    post_key, " FROM posts WHERE ", post_key, " IS NOT NULL) LIMIT 1")));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return statement.Int64(0);
}

// post_tags.post_id may mean posts.post_id, as its name says, or the dense posts.id: the first that covers every
// reference is it. Where both do, the name decides.
absl::Status DecideReference(Database& database, DanbooruMetaSchema* schema) {
  MILLRACE_ASSIGN_OR_RETURN(schema->reference, IntegerColumn(database, "post_tags", "post_id"));
  MILLRACE_ASSIGN_OR_RETURN(const std::string by_post_id, IntegerColumn(database, "posts", "post_id"));
  MILLRACE_ASSIGN_OR_RETURN(const std::string by_dense_id, IntegerColumn(database, "posts", "id"));
  schema->post_key = by_post_id;
  MILLRACE_ASSIGN_OR_RETURN(const auto not_a_post_id, FindUncovered(database, schema->reference, by_post_id));
  if (!not_a_post_id.has_value()) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const auto not_a_dense_id, FindUncovered(database, schema->reference, by_dense_id));
  if (not_a_dense_id.has_value()) {
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat("post_tags.post_id refers to neither posts.post_id (which lacks ", *not_a_post_id,
                                  ") nor posts.id (which lacks ", *not_a_dense_id,
                                  "). Remove the rows of post_tags without a post."));
  }
  schema->post_key = by_dense_id;
  schema->refers_to_dense_id = true;
  return absl::OkStatus();
}

absl::Status ReadStats(Database& database, DanbooruMetaSchema* schema) {
  MILLRACE_ASSIGN_OR_RETURN(const bool is_there, HasPlainTable(database, "stats"));
  if (!is_there) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> columns, PlainColumns(database, "stats"));
  if (!ContainsName(columns, "id") || !ContainsName(columns, "num_posts")) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.Prepare("SELECT CAST(num_posts AS INTEGER) FROM stats WHERE id = 1"));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (has_row) schema->stated_post_count = statement.OptionalInt<int64_t>(0);
  return absl::OkStatus();
}

// A file that knows the rating `general` has the four-step scheme, in which `s` is sensitive.
absl::Status DecideRatingScheme(Database& database, DanbooruMetaSchema* schema) {
  MILLRACE_ASSIGN_OR_RETURN(bool has_general,
                            HasRow(database, "SELECT 1 FROM posts WHERE rating IN ('g', 'general') LIMIT 1"));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_table, HasPlainTable(database, "ratings"));
  if (!has_general && has_table) {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> columns, PlainColumns(database, "ratings"));
    if (ContainsName(columns, "name")) {
      MILLRACE_ASSIGN_OR_RETURN(has_general,
                                HasRow(database, "SELECT 1 FROM ratings WHERE name IN ('g', 'general') LIMIT 1"));
    }
  }
  if (has_general) schema->rating_scheme = RatingScheme::kFourStep;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<DanbooruMetaSchema> ReadDanbooruMetaSchema(Database& database) {
  DanbooruMetaSchema schema;
  MILLRACE_RETURN_IF_ERROR(
      CheckTables(database, {{"posts", kPostColumns}, {"tags", kTagColumns}, {"post_tags", {"post_id", "tag_id"}}},
                  "danbooru-meta"));
  MILLRACE_ASSIGN_OR_RETURN(schema.extra_columns, FindExtraColumns(database, "posts", kPostColumns));
  MILLRACE_ASSIGN_OR_RETURN(schema.extra_tag_columns, FindExtraColumns(database, "tags", kTagColumns));
  MILLRACE_RETURN_IF_ERROR(DecideReference(database, &schema));
  MILLRACE_RETURN_IF_ERROR(DecideRatingScheme(database, &schema));
  MILLRACE_RETURN_IF_ERROR(ReadStats(database, &schema));
  return schema;
}

}  // namespace millrace
