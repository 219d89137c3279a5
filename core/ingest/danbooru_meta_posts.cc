#include "core/ingest/danbooru_meta_posts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/sqlite_cells.h"
#include "core/ingest/sqlite_schema.h"

namespace millrace {
namespace {

// In the order of the query.
enum PostColumn {
  kDenseId,
  kPostId,
  kMd5,
  kRating,
  kWidth,
  kHeight,
  kFileExt,
  kFileSize,
  kSource,
  kPixivId,
  kFirstExtra
};
constexpr char kPostColumns[] = "id, post_id, md5, rating, width, height, file_ext, file_size, source, pixiv_id";

struct ColumnField {
  PostColumn column;
  PostField field;
  const char* name;
};
constexpr ColumnField kColumnFields[] = {
    {kPostId, PostField::kId, "post_id"},           {kMd5, PostField::kMd5, "md5"},
    {kRating, PostField::kRating, "rating"},        {kWidth, PostField::kWidth, "width"},
    {kHeight, PostField::kHeight, "height"},        {kFileExt, PostField::kFileExt, "file_ext"},
    {kFileSize, PostField::kFileSize, "file_size"}, {kSource, PostField::kSource, "source"},
    {kPixivId, PostField::kPixivId, "pixiv_id"},
};

// How many rows are read between two looks at the flag.
constexpr int64_t kRowsPerCheck = 256;

SqliteTagTables TagTables(const DanbooruMetaSchema& schema) {
  SqliteTagTables tables;
  tables.tags_table = "tags";
  tables.tags_sql = "SELECT tag_id, name, category, NULL";
  for (const std::string& column : schema.extra_tag_columns) {
    absl::StrAppend(&tables.tags_sql, ", ", QuoteIdentifier(column));
  }
  tables.tags_sql += " FROM tags";
  tables.category_key = "category";
  tables.extra_columns = schema.extra_tag_columns;
  tables.id_field = "tags.tag_id";
  tables.name_field = "tags.name";
  tables.category_field = "tags.category";
  tables.category_words = "0, 1, 3, 4, 5 or their names";
  tables.parse_category = &ParseDanbooruCategory;
  tables.references_sql =
      absl::StrCat("SELECT ", schema.reference, ", tag_id FROM post_tags ORDER BY ", schema.reference);
  tables.reference_field = "post_tags.post_id";
  tables.tag_field = "post_tags.tag_id";
  return tables;
}

}  // namespace

DanbooruMetaPosts::DanbooruMetaPosts(Database* database, const DanbooruMetaSchema* schema, RecordSink* sink)
    : database_(database),
      schema_(schema),
      sink_(sink),
      tag_tables_(TagTables(*schema)),
      post_tags_(database, &tag_tables_, sink) {}

absl::Status DanbooruMetaPosts::ReadAll() {
  MILLRACE_RETURN_IF_ERROR(CheckPostCount());
  // As a list of tags the table says nothing that posts do not, unless it has columns beyond those of the format.
  SqliteTags::OnTag on_tag;
  if (!schema_->extra_tag_columns.empty()) on_tag = [this](const TagFact& tag) { return sink_->OnTag(tag, tag.id); };
  MILLRACE_RETURN_IF_ERROR(post_tags_.ReadTags(on_tag));
  return ReadPosts();
}

// The file's own count tells whether posts were lost on its way here. It is reported as a rejected record, so that it
// stops an import unless the caller allows for rejected records, who then still gets what there is.
absl::Status DanbooruMetaPosts::CheckPostCount() {
  if (!schema_->stated_post_count.has_value()) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const int64_t post_count, database_->QueryInt64("SELECT count(*) FROM posts"));
  if (post_count == *schema_->stated_post_count) return absl::OkStatus();
  RejectedRecord rejected;
  rejected.field = "stats.num_posts";
  rejected.reason = absl::StrCat("is ", *schema_->stated_post_count, ", but the table posts has ", post_count,
                                 " rows; the file may be incomplete");
  return sink_->OnRejected(std::move(rejected));
}

absl::Status DanbooruMetaPosts::ReadPosts() {
  std::string columns = kPostColumns;
  for (const std::string& column : schema_->extra_columns) absl::StrAppend(&columns, ", ", QuoteIdentifier(column));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement row, database_->Prepare(absl::StrCat("SELECT ", columns, " FROM posts ORDER BY ", schema_->post_key)));
  MILLRACE_RETURN_IF_ERROR(post_tags_.OpenReferences());
  for (int64_t count = 1;; ++count) {
    if (count % kRowsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(ReadPost(row));
  }
}

absl::Status DanbooruMetaPosts::ReadPost(Statement& row) {
  post_.Clear();
  tags_.Clear();
  int64_t key = 0;
  bool is_good = SetFields(row, &key);
  if (is_good) {
    MILLRACE_RETURN_IF_ERROR(post_tags_.GoToPost(key));
    is_good = AddTags();
  }
  const int64_t line = row.Type(kDenseId) == ColumnType::kBlob ? 0 : row.Int64(kDenseId);
  if (is_good) return sink_->OnPost(post_, tags_.tags(), line, tags_.duplicate_count());
  rejected_.line = line;
  if (post_.id > 0) rejected_.post_id = post_.id;
  return sink_->OnRejected(rejected_);
}

bool DanbooruMetaPosts::SetFields(Statement& row, int64_t* key) {
  for (const ColumnField& field : kColumnFields) {
    if (auto fault = SetPostFieldFromCell(field.field, row, field.column, schema_->rating_scheme, &post_)) {
      return Reject(field.name, *fault);
    }
  }
  const ScalarValue dense_id = Cell(row, kDenseId);
  *key = post_.id;
  if (schema_->refers_to_dense_id && (dense_id.kind == ScalarValue::Kind::kNull ||
                                      ParseWhole(dense_id.text, INT64_MIN, INT64_MAX, key) != NumberFault::kNone)) {
    return Reject("id", absl::StrCat("is ", Show(dense_id), "; post_tags refers to it, so it must be a whole number"));
  }
  return SetExtra(row, dense_id);
}

bool DanbooruMetaPosts::SetExtra(Statement& row, const ScalarValue& dense_id) {
  JsonMembers members;
  if (auto fault = AddMember("id", dense_id, &members)) return Reject("id", *fault);
  for (size_t i = 0; i < schema_->extra_columns.size(); ++i) {
    const std::string& column = schema_->extra_columns[i];
    if (auto fault = AddMember(column, Cell(row, kFirstExtra + static_cast<int>(i)), &members)) {
      return Reject(column, *fault);
    }
  }
  if (members.empty()) return true;
  if (auto fault = AppendJsonObject(&members, &post_.extra_json)) return Reject("", *fault);
  return true;
}

bool DanbooruMetaPosts::AddTags() {
  std::string field, reason;
  if (!post_tags_.AddTags(&tags_, &field, &reason)) return Reject(field, reason);
  tags_.Finish(&post_);
  return true;
}

bool DanbooruMetaPosts::Reject(std::string_view field, std::string_view reason) {
  rejected_ = RejectedRecord();
  rejected_.field = field;
  rejected_.reason = reason;
  return false;
}

}  // namespace millrace
