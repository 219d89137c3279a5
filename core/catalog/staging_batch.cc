#include "core/catalog/staging_batch.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/post_codec.h"

namespace millrace {
namespace {

// The columns whose values a batch packs, behind ?1 dataset_id and ?2 import_id. Add() follows this order.
constexpr char kPostColumns[] =
    "dataset_id, import_id, post_id, file_index, line, md5, rating, file_ext, tag_ids, flags_known, flags_value, "
    "width_px, height_px, file_size_bytes, source, pixiv_id, parent_id, uploader_id, approver_id, score, up_score, "
    "down_score, created_at_us, updated_at_us, last_commented_at_us, last_noted_at_us, pools, favorite_user_ids, "
    "extra_json, favorite_count, duration_us";
constexpr char kPostParameters[] =
    "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, "
    "?25, ?26, ?27, ?28, ?29, ?30, ?31";
constexpr int kFirstValueParameter = 3;
constexpr int kValueCount = 29;
constexpr int kRowParameter = kFirstValueParameter + kValueCount;  // where rows are replaced in place

std::string WriteSql(StagingBatch::Replaced replaced) {
  if (replaced == StagingBatch::Replaced::kSuperseded) {
    return absl::StrCat("INSERT INTO posts (", kPostColumns, ") VALUES (", kPostParameters, ")");
  }
  return absl::StrCat("INSERT OR REPLACE INTO posts (row, ", kPostColumns, ") VALUES (?", kRowParameter, ", ",
                      kPostParameters, ")");
}

}  // namespace

void StagingBatch::AddText(std::string_view text) {
  values_.push_back({ColumnType::kText, static_cast<uint32_t>(text.size()), static_cast<int64_t>(bytes_.size())});
  bytes_.append(text);
}

void StagingBatch::AddBlobFrom(size_t begin) {
  values_.push_back({ColumnType::kBlob, static_cast<uint32_t>(bytes_.size() - begin), static_cast<int64_t>(begin)});
}

void StagingBatch::Add(const Post& post, absl::Span<const int64_t> tag_ids, SourcePlace place,
                       std::optional<int64_t> superseded_row) {
  row_by_post_id_.emplace(post.id, rows_.size());
  rows_.push_back({post.id, place, superseded_row, values_.size()});
  AddInt(post.id);
  AddInt(place.file_index);
  AddInt(place.line);
  size_t begin = bytes_.size();
  if (post.md5.has_value()) {
    md5s_.push_back({*post.md5, post.id});
    bytes_.append(reinterpret_cast<const char*>(post.md5->data()), post.md5->size());
    AddBlobFrom(begin);
  } else {
    AddNull();
  }
  AddInt(static_cast<int64_t>(post.rating));
  AddText(post.file_ext);
  begin = bytes_.size();
  EncodeAscendingIds(tag_ids, &bytes_);
  AddBlobFrom(begin);
  AddInt(post.flags.known);
  AddInt(post.flags.value);
  AddOptional(post.width_px);
  AddOptional(post.height_px);
  AddOptional(post.file_size_bytes);
  AddText(post.source);
  AddOptional(post.pixiv_id);
  AddOptional(post.parent_id);
  AddOptional(post.uploader_id);
  AddOptional(post.approver_id);
  AddOptional(post.score);
  AddOptional(post.up_score);
  AddOptional(post.down_score);
  AddOptional(post.created_at_us);
  AddOptional(post.updated_at_us);
  AddOptional(post.last_commented_at_us);
  AddOptional(post.last_noted_at_us);
  begin = bytes_.size();
  EncodePools(post.pools, &bytes_);
  AddBlobFrom(begin);
  begin = bytes_.size();
  EncodeIds(post.favorite_user_ids, &bytes_);
  AddBlobFrom(begin);
  AddText(post.extra_json);
  AddOptional(post.favorite_count);
  AddOptional(post.duration_us);
}

std::optional<SourcePlace> StagingBatch::FindPlace(int64_t post_id) const {
  const auto row = row_by_post_id_.find(post_id);
  if (row == row_by_post_id_.end()) return std::nullopt;
  return rows_[row->second].place;
}

void StagingBatch::BindValues(const Row& row, Statement* insert) const {
  for (int i = 0; i < kValueCount; ++i) {
    const Value& value = values_[row.first_value + static_cast<size_t>(i)];
    const int parameter = kFirstValueParameter + i;
    const char* bytes = bytes_.data() + value.int_or_offset;
    switch (value.type) {
      case ColumnType::kInteger:
        insert->Bind(parameter, value.int_or_offset);
        break;
      case ColumnType::kText:
        insert->BindBorrowed(parameter, std::string_view(bytes, value.size_bytes));
        break;
      case ColumnType::kBlob:
        insert->BindBorrowed(parameter, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(bytes), value.size_bytes));
        break;
      case ColumnType::kNull:
      case ColumnType::kReal:
        insert->BindNull(parameter);
        break;
    }
  }
}

absl::Status StagingBatch::WriteTo(Database& database, int64_t dataset_id, int64_t import_id, Replaced replaced) const {
  // In the order of ids: neighbours in the index are then neighbours in the file too, as far as a batch reaches.
  std::vector<const Row*> order;
  order.reserve(rows_.size());
  for (const Row& row : rows_) order.push_back(&row);
  std::sort(order.begin(), order.end(), [](const Row* a, const Row* b) { return a->post_id < b->post_id; });

  MILLRACE_ASSIGN_OR_RETURN(Statement insert, database.PrepareCached(WriteSql(replaced)));
  MILLRACE_ASSIGN_OR_RETURN(Statement supersede,
                            database.PrepareCached("INSERT INTO superseded_posts (import_id, row) VALUES (?1, ?2)"));
  insert.Bind(1, dataset_id);
  insert.Bind(2, import_id);
  supersede.Bind(1, import_id);
  for (const Row* row : order) {
    BindValues(*row, &insert);
    if (replaced == Replaced::kInPlace) insert.Bind(kRowParameter, row->superseded_row);
    MILLRACE_RETURN_IF_ERROR(insert.Run());
    if (replaced == Replaced::kInPlace || !row->superseded_row.has_value()) continue;
    supersede.Bind(2, *row->superseded_row);
    MILLRACE_RETURN_IF_ERROR(supersede.Run());
  }
  return absl::OkStatus();
}

void StagingBatch::Clear() {
  rows_.clear();
  values_.clear();
  md5s_.clear();
  row_by_post_id_.clear();
  // One huge post must not keep its memory for the rest of the import.
  if (bytes_.capacity() > 4 * static_cast<size_t>(kBytesMax)) std::string().swap(bytes_);
  bytes_.clear();
}

}  // namespace millrace
