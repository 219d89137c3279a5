// e621's table of posts.
#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/ingest/e621_csv_table.h"
#include "core/ingest/source_values.h"

namespace millrace {
namespace {

struct KnownColumn {
  std::string_view name;
  PostField field;
};
constexpr KnownColumn kKnownColumns[] = {
    {"id", PostField::kId},
    {"uploader_id", PostField::kUploaderId},
    {"md5", PostField::kMd5},
    {"source", PostField::kSource},
    {"rating", PostField::kRating},
    {"image_width", PostField::kWidth},
    {"image_height", PostField::kHeight},
    {"file_ext", PostField::kFileExt},
    {"parent_id", PostField::kParentId},
    {"approver_id", PostField::kApproverId},
    {"file_size", PostField::kFileSize},
    {"is_deleted", PostField::kIsDeleted},
    {"is_pending", PostField::kIsPending},
    {"is_flagged", PostField::kIsFlagged},
    {"score", PostField::kScore},
    {"up_score", PostField::kUpScore},
    {"down_score", PostField::kDownScore},
    {"is_rating_locked", PostField::kIsRatingLocked},
    {"is_status_locked", PostField::kIsStatusLocked},
    {"is_note_locked", PostField::kIsNoteLocked},
    {"has_children", PostField::kHasChildren},
    {"fav_count", PostField::kFavoriteCount},
    {"duration", PostField::kDurationSeconds},
};
// These have no PostField, or a form of their own.
constexpr std::string_view kTagString = "tag_string", kCreatedAt = "created_at", kUpdatedAt = "updated_at";

class Posts : public E621CsvTable {
 public:
  Posts(std::vector<std::string> columns, RecordSink* sink)
      : E621CsvTable(std::move(columns), sink),
        tag_string_(FindColumn(kTagString)),
        created_at_(FindColumn(kCreatedAt)),
        updated_at_(FindColumn(kUpdatedAt)) {
    std::vector<std::string_view> known = {kTagString, kCreatedAt, kUpdatedAt};
    for (const KnownColumn& column : kKnownColumns) {
      known.push_back(column.name);
      const size_t index = FindColumn(column.name);
      if (index != kNone) fields_.push_back({index, column.field});
    }
    KeepOthers(known, {"change_seq", "comment_count"});
  }

  absl::Status OnRecord(absl::Span<const CsvField> fields, int64_t line) override {
    post_.Clear();
    for (const auto& [index, field] : fields_) {
      if (const auto fault = SetPostField(field, CsvValue(fields[index]), RatingScheme::kThreeStep, &post_)) {
        return Reject(line, columns_[index], *fault, post_.id);
      }
    }
    size_t column = kNone;
    if (const auto fault = SetOthers(fields, &column)) return Reject(line, columns_[column], *fault, post_.id);
    FormatExtra(fields, &post_.extra_json);
    return sink_->OnPost(post_, tags_, line, /*duplicate_tag_count=*/0);
  }

 private:
  // What is wrong, and in which column.
  std::optional<std::string> SetOthers(absl::Span<const CsvField> fields, size_t* column) {
    const auto value = [&](size_t index) {
      *column = index;
      return index == kNone ? ScalarValue() : CsvValue(fields[index]);
    };
    if (auto fault = SetUtcTime(value(created_at_), &post_.created_at_us)) return fault;
    if (auto fault = SetUtcTime(value(updated_at_), &post_.updated_at_us)) return fault;
    return SetTags(value(tag_string_).text);
  }

  // Names between spaces. What they are is in the table of tags.
  std::optional<std::string> SetTags(std::string_view text) {
    tags_.clear();
    while (!text.empty()) {
      const size_t size = std::min(text.find(' '), text.size());
      const std::string_view name = text.substr(0, size);
      text.remove_prefix(std::min(size + 1, text.size()));
      if (name.empty()) continue;
      if (name.size() > kTagNameSizeBytesMax) return CheckTagName(name);
      tags_.push_back({0, name, TagCategory::kUnspecified});
    }
    return std::nullopt;
  }

  struct Field {
    size_t index;
    PostField field;
  };
  std::vector<Field> fields_;
  const size_t tag_string_, created_at_, updated_at_;
  Post post_;
  std::vector<ImportedTag> tags_;
};

}  // namespace

std::unique_ptr<E621CsvTable> MakeE621CsvPosts(std::vector<std::string> columns, RecordSink* sink) {
  return std::make_unique<Posts>(std::move(columns), sink);
}

}  // namespace millrace
