#include "core/ingest/danbooru2023_posts.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/ingest/source_values.h"
#include "core/ingest/sqlite_cells.h"
#include "core/ingest/sqlite_schema.h"

namespace millrace {
namespace {

// How many rows are read between two looks at the flag.
constexpr int64_t kRowsPerCheck = 256;

struct KnownColumn {
  std::string_view name;
  PostField field;
};
constexpr KnownColumn kFields[] = {
    {"id", PostField::kId},
    {"uploader_id", PostField::kUploaderId},
    {"approver_id", PostField::kApproverId},
    {"source", PostField::kSource},
    {"md5", PostField::kMd5},
    {"parent_id", PostField::kParentId},
    {"pixiv_id", PostField::kPixivId},
    {"image_width", PostField::kWidth},
    {"image_height", PostField::kHeight},
    {"file_size", PostField::kFileSize},
    {"file_ext", PostField::kFileExt},
    {"score", PostField::kScore},
    {"up_score", PostField::kUpScore},
    {"down_score", PostField::kDownScore},
    {"fav_count", PostField::kFavoriteCount},
};
constexpr KnownColumn kFlags[] = {
    {"has_children", PostField::kHasChildren}, {"is_deleted", PostField::kIsDeleted},
    {"is_banned", PostField::kIsBanned},       {"is_pending", PostField::kIsPending},
    {"is_flagged", PostField::kIsFlagged},
};

// The numbers of Tag.type, which are not Danbooru's.
std::optional<TagCategory> ParseType(std::string_view text) {
  constexpr TagCategory kTypes[] = {TagCategory::kGeneral, TagCategory::kArtist, TagCategory::kCharacter,
                                    TagCategory::kCopyright, TagCategory::kMeta};
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (text == TagCategoryName(kTypes[i])) return kTypes[i];
    if (text.size() == 1 && text[0] == static_cast<char>('0' + i)) return kTypes[i];
  }
  return std::nullopt;
}

// 0 to 3, for the four steps; also their letters and words.
std::optional<std::string> SetRating(const ScalarValue& value, Post* post) {
  constexpr Rating kRatings[] = {Rating::kGeneral, Rating::kSensitive, Rating::kQuestionable, Rating::kExplicit};
  if (value.text.empty()) return std::nullopt;
  if (value.text.size() == 1 && value.text[0] >= '0' && value.text[0] <= '3') {
    post->rating = kRatings[value.text[0] - '0'];
    return std::nullopt;
  }
  const std::optional<Rating> rating = ParseRating(value.text, RatingScheme::kFourStep);
  if (!rating.has_value()) return absl::StrCat("is ", Show(value), "; 0 (general) to 3 (explicit) was expected");
  post->rating = *rating;
  return std::nullopt;
}

// SQLite has no booleans: 0 and 1 stand for them.
ScalarValue AsFlag(const ScalarValue& value) {
  if (value.kind != ScalarValue::Kind::kNumber) return value;
  if (value.text == "0") return {ScalarValue::Kind::kBool, "false"};
  if (value.text == "1") return {ScalarValue::Kind::kBool, "true"};
  return value;
}

SqliteTagTables TagTables(const Danbooru2023Schema& schema) {
  SqliteTagTables tables;
  tables.tags_table = "Tag";
  tables.tags_sql = absl::StrCat("SELECT id, name, type, ", schema.has_popularity ? "popularity" : "NULL");
  for (const std::string& column : schema.extra_tag_columns) {
    absl::StrAppend(&tables.tags_sql, ", ", QuoteIdentifier(column));
  }
  tables.tags_sql += " FROM Tag";
  tables.category_key = "type";
  tables.count_key = "popularity";
  tables.extra_columns = schema.extra_tag_columns;
  tables.id_field = "Tag.id";
  tables.name_field = "Tag.name";
  tables.category_field = "Tag.type";
  tables.category_words = "0 (general), 1 (artist), 2 (character), 3 (copyright) or 4 (meta)";
  tables.parse_category = &ParseType;
  tables.references_sql = absl::StrCat("SELECT ", schema.reference, ", ", QuoteIdentifier(schema.relation_tag),
                                       " FROM PostTagRelation ORDER BY ", schema.reference);
  tables.reference_field = absl::StrCat("PostTagRelation.", schema.relation_post);
  tables.tag_field = absl::StrCat("PostTagRelation.", schema.relation_tag);
  return tables;
}

}  // namespace

Danbooru2023Posts::Danbooru2023Posts(Database* database, const Danbooru2023Schema* schema, RecordSink* sink)
    : database_(database),
      schema_(schema),
      sink_(sink),
      tag_tables_(TagTables(*schema)),
      post_tags_(database, &tag_tables_, sink) {
  for (const std::string& name : schema->post_columns) columns_.push_back(ToColumn(name));
}

Danbooru2023Posts::Column Danbooru2023Posts::ToColumn(const std::string& name) {
  Column column;
  column.name = absl::AsciiStrToLower(name);
  for (const KnownColumn& known : kFields) {
    if (known.name == column.name) column.kind = Column::Kind::kField, column.field = known.field;
  }
  for (const KnownColumn& known : kFlags) {
    if (known.name == column.name) column.kind = Column::Kind::kFlag, column.field = known.field;
  }
  if (column.name == "rating") column.kind = Column::Kind::kRating;
  if (column.name == "created_at") column.kind = Column::Kind::kCreatedAt;
  if (column.kind == Column::Kind::kExtra) column.name = name;
  return column;
}

absl::Status Danbooru2023Posts::ReadAll() {
  MILLRACE_RETURN_IF_ERROR(post_tags_.ReadTags([this](const TagFact& tag) { return sink_->OnTag(tag, tag.id); }));
  return ReadPosts();
}

absl::Status Danbooru2023Posts::ReadPosts() {
  const auto quoted = [](std::string* out, const std::string& name) { out->append(QuoteIdentifier(name)); };
  MILLRACE_ASSIGN_OR_RETURN(
      Statement row, database_->Prepare(absl::StrCat("SELECT ", absl::StrJoin(schema_->post_columns, ", ", quoted),
                                                     " FROM Post ORDER BY ", schema_->post_key)));
  MILLRACE_RETURN_IF_ERROR(post_tags_.OpenReferences());
  if (!schema_->local_columns.empty() && !schema_->local_post.empty()) {
    const std::string post = QuoteIdentifier(schema_->local_post);
    MILLRACE_ASSIGN_OR_RETURN(
        local_posts_,
        database_->Prepare(absl::StrCat("SELECT ", post, ", ", absl::StrJoin(schema_->local_columns, ", ", quoted),
                                        " FROM LocalPost WHERE ", post, " IS NOT NULL ORDER BY ", post)));
    MILLRACE_RETURN_IF_ERROR(StepLocalPosts());
  }
  for (int64_t count = 1;; ++count) {
    if (count % kRowsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, row.Step());
    if (!has_row) return post_tags_.RejectStrayReferences("Post");
    MILLRACE_RETURN_IF_ERROR(ReadPost(row));
  }
}

absl::Status Danbooru2023Posts::ReadPost(Statement& row) {
  post_.Clear();
  tags_.Clear();
  extra_.clear();
  RejectedRecord rejected;
  for (size_t i = 0; i < columns_.size() && rejected.reason.empty(); ++i) {
    const auto fault = SetColumn(columns_[i], row, static_cast<int>(i));
    if (!fault.has_value()) continue;
    rejected.field = columns_[i].name;
    rejected.reason = *fault;
  }
  // Also for a post that is rejected: its tags are no strays.
  if (post_.id > 0) MILLRACE_RETURN_IF_ERROR(post_tags_.GoToPost(post_.id));
  MILLRACE_RETURN_IF_ERROR(ReadLocalPosts(&rejected));
  if (rejected.reason.empty() && !extra_.empty()) {
    if (const auto fault = AppendJsonObject(&extra_, &post_.extra_json)) rejected.reason = *fault;
  }
  if (rejected.reason.empty() && post_tags_.AddTags(&tags_, &rejected.field, &rejected.reason)) {
    tags_.Finish(&post_);
    return sink_->OnPost(post_, tags_.tags(), post_.id, tags_.duplicate_count());
  }
  rejected.line = post_.id;
  if (post_.id > 0) rejected.post_id = post_.id;
  return sink_->OnRejected(std::move(rejected));
}

std::optional<std::string> Danbooru2023Posts::SetColumn(const Column& column, Statement& row, int index) {
  if (column.kind == Column::Kind::kField) {
    return SetPostFieldFromCell(column.field, row, index, RatingScheme::kFourStep, &post_);
  }
  const ScalarValue value = Cell(row, index);
  if (column.kind == Column::Kind::kExtra) return AddMember(column.name, value, &extra_);
  if (auto fault = CheckUtf8(value)) return fault;
  switch (column.kind) {
    case Column::Kind::kFlag:
      return SetPostField(column.field, AsFlag(value), RatingScheme::kFourStep, &post_);
    case Column::Kind::kRating:
      return SetRating(value, &post_);
    case Column::Kind::kCreatedAt:
      return SetUtcTime(value, &post_.created_at_us);
    case Column::Kind::kField:
    case Column::Kind::kExtra:
      break;
  }
  return std::nullopt;
}

absl::Status Danbooru2023Posts::ReadLocalPosts(RejectedRecord* rejected) {
  std::string list;
  while (has_local_post_ && local_posts_->Int64(0) <= post_.id) {
    if (local_posts_->Int64(0) == post_.id) {
      list.push_back(list.empty() ? '[' : ',');
      if (const auto fault = AppendLocalPost(&list)) {
        rejected->field = "LocalPost";
        rejected->reason = *fault;
      }
    }
    MILLRACE_RETURN_IF_ERROR(StepLocalPosts());
  }
  if (!list.empty()) extra_.emplace_back("local_posts", list + "]");
  return absl::OkStatus();
}

absl::Status Danbooru2023Posts::StepLocalPosts() {
  MILLRACE_ASSIGN_OR_RETURN(has_local_post_, local_posts_->Step());
  return absl::OkStatus();
}

std::optional<std::string> Danbooru2023Posts::AppendLocalPost(std::string* json) {
  JsonMembers members;
  for (size_t i = 0; i < schema_->local_columns.size(); ++i) {
    const std::string& column = schema_->local_columns[i];
    if (const auto fault = AddMember(column, Cell(*local_posts_, 1 + static_cast<int>(i)), &members)) {
      return absl::StrCat("has a column ", column, " that ", *fault);
    }
  }
  return AppendJsonObject(&members, json);
}

}  // namespace millrace
