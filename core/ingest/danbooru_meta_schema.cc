#include "core/ingest/danbooru_meta_schema.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

struct NeededTable {
  const char* name;
  std::vector<std::string> columns;
};

const std::vector<NeededTable>& NeededTables() {
  static const auto* const tables = new std::vector<NeededTable>{
      {"posts", {"id", "post_id", "md5", "rating", "width", "height", "file_ext", "file_size", "source", "pixiv_id"}},
      {"tags", {"tag_id", "name", "category"}},
      {"post_tags", {"post_id", "tag_id"}},
  };
  return *tables;
}

// Whether there is a table with pages of its own: views and virtual tables have none.
absl::StatusOr<bool> HasPlainTable(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.Prepare(
          "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND lower(name) = ?1"));
  statement.Bind(1, name);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  return has_row && statement.Int64(0) == 1;
}

// The stored columns, in lower case for comparison as SQLite compares names. Generated columns are left out: they are
// expressions of the file's author.
absl::StatusOr<std::vector<std::string>> PlainColumns(Database& database, std::string_view table) {
  constexpr int kNameColumn = 1, kHiddenColumn = 6;
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.Prepare(absl::StrCat("PRAGMA table_xinfo(", QuoteIdentifier(table), ")")));
  std::vector<std::string> columns;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return columns;
    if (statement.Int64(kHiddenColumn) == 0) columns.emplace_back(statement.Text(kNameColumn));
  }
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& n) { return EqualsIgnoringCase(n, name); });
}

absl::Status CheckTables(Database& database, DanbooruMetaSchema* schema) {
  std::vector<std::string> missing;
  for (const NeededTable& table : NeededTables()) {
    MILLRACE_ASSIGN_OR_RETURN(const bool is_there, HasPlainTable(database, table.name));
    if (!is_there) {
      missing.push_back(absl::StrCat("no table ", table.name));
      continue;
    }
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> columns, PlainColumns(database, table.name));
    for (const std::string& column : table.columns) {
      if (!Contains(columns, column)) missing.push_back(absl::StrCat("no column ", table.name, ".", column));
    }
    if (table.name != std::string_view("posts")) continue;
    for (const std::string& column : columns) {
      if (!Contains(table.columns, column)) schema->extra_columns.push_back(column);
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat("has ", absl::StrJoin(missing, ", "),
                                ". Is this a danbooru-meta file? Views and virtual tables do not count."));
}

absl::StatusOr<bool> HasRow(Database& database, const std::string& sql) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
  return statement.Step();
}

// SQL for a column as an integer. A column that holds only integers stands for itself, so that an index on it serves;
// for others, text among them, the cast makes order and comparison those of numbers.
absl::StatusOr<std::string> IntegerColumn(Database& database, const std::string& table, const std::string& column) {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_others,
                            HasRow(database, absl::StrCat("SELECT 1 FROM ", table, " WHERE typeof(", column,
                                                          ") NOT IN ('integer', 'null') LIMIT 1")));
  return has_others ? absl::StrCat("CAST(", column, " AS INTEGER)") : column;
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
  if (!Contains(columns, "id") || !Contains(columns, "num_posts")) return absl::OkStatus();
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
    if (Contains(columns, "name")) {
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
  MILLRACE_RETURN_IF_ERROR(CheckTables(database, &schema));
  MILLRACE_RETURN_IF_ERROR(DecideReference(database, &schema));
  MILLRACE_RETURN_IF_ERROR(DecideRatingScheme(database, &schema));
  MILLRACE_RETURN_IF_ERROR(ReadStats(database, &schema));
  return schema;
}

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace millrace
