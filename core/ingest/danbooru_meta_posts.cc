#include "core/ingest/danbooru_meta_posts.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

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

// A cell as a dump's value. SQLite turns numbers into text; what was stored as a real but is whole is taken as whole.
// Blobs become text of their bytes, which every field but a text rejects. Valid until the next step.
ScalarValue Cell(Statement& row, int column) {
  switch (row.Type(column)) {
    case ColumnType::kNull:
      return {};
    case ColumnType::kInteger:
      return {ScalarValue::Kind::kNumber, row.Text(column)};
    case ColumnType::kReal: {
      std::string_view text = row.Text(column);
      if (text.size() > 2 && text.substr(text.size() - 2) == ".0") text.remove_suffix(2);
      return {ScalarValue::Kind::kNumber, text};
    }
    case ColumnType::kText:
      return {ScalarValue::Kind::kString, row.Text(column)};
    case ColumnType::kBlob: {
      const absl::Span<const uint8_t> blob = row.Blob(column);
      return {ScalarValue::Kind::kString, {reinterpret_cast<const char*>(blob.data()), blob.size()}};
    }
  }
  return {};
}

std::optional<std::string> CheckUtf8(const ScalarValue& value) {
  if (IsValidUtf8(value.text)) return std::nullopt;
  return absl::StrCat("is ", Show(value), ", which is not valid UTF-8");
}

}  // namespace

DanbooruMetaPosts::DanbooruMetaPosts(Database* database, const DanbooruMetaSchema* schema, RecordSink* sink)
    : database_(database), schema_(schema), sink_(sink) {}

absl::Status DanbooruMetaPosts::ReadAll() {
  MILLRACE_RETURN_IF_ERROR(CheckPostCount());
  MILLRACE_RETURN_IF_ERROR(ReadTags());
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

absl::Status DanbooruMetaPosts::ReadTags() {
  MILLRACE_ASSIGN_OR_RETURN(Statement row, database_->Prepare("SELECT tag_id, name, category FROM tags"));
  for (int64_t count = 1;; ++count) {
    if (count % kRowsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return absl::OkStatus();
    if (!ReadTag(row)) MILLRACE_RETURN_IF_ERROR(sink_->OnRejected(rejected_));
  }
}

bool DanbooruMetaPosts::ReadTag(Statement& row) {
  const ScalarValue id_cell = Cell(row, 0), name = Cell(row, 1), category = Cell(row, 2);
  int64_t id = 0;
  if (auto fault = ParseId(id_cell, &id)) return Reject("tags.tag_id", *fault);
  const std::string of_tag = absl::StrCat(" (tag_id ", id, ")");
  if (auto fault = CheckUtf8(name)) return Reject("tags.name", *fault + of_tag);
  if (auto fault = CheckTagName(name.text)) return Reject("tags.name", *fault + of_tag);
  TagInfo info{std::string(name.text), TagCategory::kUnspecified};
  if (!category.text.empty()) {
    const auto known = ParseDanbooruCategory(category.text);
    if (!known.has_value()) {
      return Reject("tags.category",
                    absl::StrCat("is ", Show(category), "; expected 0, 1, 3, 4, 5 or their names", of_tag));
    }
    info.category = *known;
  }
  if (tag_infos_.emplace(id, std::move(info)).second) return true;
  return Reject("tags.tag_id", absl::StrCat("is ", id, ", which another row has too"));
}

absl::Status DanbooruMetaPosts::ReadPosts() {
  std::string columns = kPostColumns;
  for (const std::string& column : schema_->extra_columns) absl::StrAppend(&columns, ", ", QuoteIdentifier(column));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement row, database_->Prepare(absl::StrCat("SELECT ", columns, " FROM posts ORDER BY ", schema_->post_key)));
  MILLRACE_ASSIGN_OR_RETURN(references_,
                            database_->Prepare(absl::StrCat("SELECT ", schema_->reference, ", tag_id FROM post_tags ",
                                                            "ORDER BY ", schema_->reference)));
  MILLRACE_RETURN_IF_ERROR(StepReference());
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
    MILLRACE_RETURN_IF_ERROR(GoToGroup(key));
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
    const ScalarValue cell = Cell(row, field.column);
    // An md5 may be stored as its 16 bytes.
    if (field.column == kMd5 && row.Type(kMd5) == ColumnType::kBlob && cell.text.size() == sizeof(Md5)) {
      const absl::Span<const uint8_t> bytes = row.Blob(kMd5);
      post_.md5.emplace();
      std::copy(bytes.begin(), bytes.end(), post_.md5->begin());
      continue;
    }
    if (auto fault = CheckUtf8(cell)) return Reject(field.name, *fault);
    if (auto fault = SetPostField(field.field, cell, schema_->rating_scheme, &post_)) {
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
  const auto add = [&](std::string_view name, const ScalarValue& value) {
    if (value.kind == ScalarValue::Kind::kNull) return true;
    if (auto fault = CheckUtf8(value)) return Reject(name, *fault);
    if (auto fault = CheckNoNul(value.text)) return Reject(name, *fault);
    members.emplace_back(std::string(name), std::string());
    if (value.kind == ScalarValue::Kind::kNumber && IsJsonNumber(value.text)) {
      members.back().second.assign(value.text);
    } else {
      AppendJsonString(value.text, &members.back().second);
    }
    return true;
  };
  if (!add("id", dense_id)) return false;
  for (size_t i = 0; i < schema_->extra_columns.size(); ++i) {
    if (!add(schema_->extra_columns[i], Cell(row, kFirstExtra + static_cast<int>(i)))) return false;
  }
  if (members.empty()) return true;
  if (auto fault = AppendJsonObject(&members, &post_.extra_json)) return Reject("", *fault);
  return true;
}

absl::Status DanbooruMetaPosts::GoToGroup(int64_t key) {
  // Two posts of one key share its tags; the second is rejected later, as a repeated id.
  if (group_.key == key) return absl::OkStatus();
  group_.key = key;
  group_.tag_ids.clear();
  group_.fault.reset();
  while (has_reference_ && references_->Int64(0) < key) MILLRACE_RETURN_IF_ERROR(StepReference());
  while (has_reference_ && references_->Int64(0) == key) {
    int64_t tag_id = 0;
    if (auto fault = ParseId(Cell(*references_, 1), &tag_id)) {
      group_.fault = std::move(fault);
    } else {
      group_.tag_ids.push_back(tag_id);
    }
    MILLRACE_RETURN_IF_ERROR(StepReference());
  }
  return absl::OkStatus();
}

absl::Status DanbooruMetaPosts::StepReference() {
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(has_reference_, references_->Step());
    if (!has_reference_ || !references_->IsNull(0)) return absl::OkStatus();
    Reject("post_tags.post_id", absl::StrCat("is null; it must name the post of tag ", Show(Cell(*references_, 1))));
    MILLRACE_RETURN_IF_ERROR(sink_->OnRejected(rejected_));
  }
}

bool DanbooruMetaPosts::AddTags() {
  if (group_.fault.has_value()) return Reject("post_tags.tag_id", *group_.fault);
  for (const int64_t tag_id : group_.tag_ids) {
    const auto info = tag_infos_.find(tag_id);
    if (info == tag_infos_.end()) {
      return Reject("post_tags.tag_id", absl::StrCat("is ", tag_id, ", which the table tags does not have"));
    }
    tags_.Add({tag_id, info->second.name, info->second.category});
  }
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
