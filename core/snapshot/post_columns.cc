#include "core/snapshot/post_columns.h"

#include <string>

namespace millrace::snapshot_file {
namespace {

// A word of a dictionary by its code: 0 for none, otherwise its number in the dictionary plus 1. Codes are in
// range: their sections have a limit.
absl::Status ReadWord(const TextColumn& words, uint32_t code, std::string_view* word) {
  *word = {};
  return code == 0 ? absl::OkStatus() : words.Get(code - 1, word);
}

}  // namespace

uint64_t DictionarySize(const CheckedFile& file, std::string_view name) {
  const Section* const offsets = file.layout().Find(std::string(name) + ".offsets");
  return offsets == nullptr ? 0 : offsets->element_count - 1;
}

absl::StatusOr<PostColumns> PostColumns::Open(CheckedFile& file) {
  PostColumns columns(file);
  ColumnBinder binder(file);
  MILLRACE_RETURN_IF_ERROR(columns.BindNumbers(binder));
  MILLRACE_RETURN_IF_ERROR(columns.BindTexts(binder));
  MILLRACE_RETURN_IF_ERROR(columns.BindLists(binder));
  return columns;
}

absl::Status PostColumns::BindNumbers(ColumnBinder& binder) {
  const uint64_t n = row_count_;
  MILLRACE_RETURN_IF_ERROR(binder.Require("post.id", n, &id_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("post.presence", n, uint64_t{1} << kFirstPresenceCount, &presence_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.md5", n, &md5_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("post.rating", n, kRatingCount, &rating_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.width_px", n, &width_px_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.height_px", n, &height_px_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.file_size_bytes", n, &file_size_bytes_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.pixiv_id", n, &pixiv_id_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.parent_id", n, &parent_id_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.uploader_id", n, &uploader_id_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.approver_id", n, &approver_id_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.score", n, &score_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.up_score", n, &up_score_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.down_score", n, &down_score_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.created_at_us", n, &created_at_us_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.updated_at_us", n, &updated_at_us_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.last_commented_at_us", n, &last_commented_at_us_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.last_noted_at_us", n, &last_noted_at_us_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.more_presence", n, &more_presence_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.favorite_count", n, &favorite_count_));
  MILLRACE_RETURN_IF_ERROR(binder.Bind("post.duration_us", n, &duration_us_));
  return binder.Bind("post.flags", n, &flags_);
}

absl::Status PostColumns::BindTexts(ColumnBinder& binder) {
  const uint64_t ext_count = DictionarySize(*file_, "dictionary.file_ext");
  MILLRACE_RETURN_IF_ERROR(binder.BindText("dictionary.file_ext", ext_count, &file_ext_names_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("post.file_ext", row_count_, ext_count + 1, &file_ext_));
  MILLRACE_RETURN_IF_ERROR(binder.BindText("post.source", row_count_, &source_));
  return binder.BindText("post.extra_json", row_count_, &extra_json_);
}

absl::Status PostColumns::BindLists(ColumnBinder& binder) {
  const Header& header = file_->layout().header;
  // A limit of 0 would mean none; without tags there is no value to limit.
  MILLRACE_RETURN_IF_ERROR(binder.BindList("post.tags.offsets", "post.tags", row_count_, header.tag_count, &tags_));
  if (tags_.value_count() != header.tag_use_count || (header.tag_count == 0 && tags_.is_present())) {
    return file_->Damaged("its header and its sections disagree about the tags");
  }
  MILLRACE_RETURN_IF_ERROR(binder.BindList("post.pools.offsets", "post.pools", row_count_, 0, &pools_));
  const uint64_t kind_count = DictionarySize(*file_, "dictionary.pool_kind");
  MILLRACE_RETURN_IF_ERROR(binder.BindText("dictionary.pool_kind", kind_count, &pool_kind_names_));
  MILLRACE_RETURN_IF_ERROR(binder.BindLimited("post.pools.kind", pools_.value_count(), kind_count + 1, &pool_kinds_));
  MILLRACE_RETURN_IF_ERROR(binder.BindList("post.favorites.offsets", "post.favorites", row_count_, 0, &favorites_));

  // Rows without an md5 are not in the index, so its size is its own.
  const Section* const index = file_->layout().Find("index.post_by_md5");
  if (index == nullptr) return absl::OkStatus();
  if (!md5_.is_present() || index->element_count > row_count_) {
    return file_->Damaged("section index.post_by_md5 does not fit the posts");
  }
  return binder.BindLimited("index.post_by_md5", index->element_count, row_count_, &by_md5_);
}

absl::StatusOr<uint64_t> PostColumns::LowerBound(int64_t post_id) const {
  uint64_t begin = 0;
  uint64_t end = row_count_;
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    int64_t value;
    MILLRACE_RETURN_IF_ERROR(id_.Get(middle, &value));
    if (value < post_id) {
      begin = middle + 1;
    } else {
      end = middle;
    }
  }
  return begin;
}

absl::StatusOr<uint64_t> PostColumns::LowerBoundByMd5(const Md5& md5) const {
  uint64_t begin = 0;
  uint64_t end = by_md5_.size();
  while (begin < end) {
    const uint64_t middle = begin + (end - begin) / 2;
    uint32_t row;
    Md5 value;
    MILLRACE_RETURN_IF_ERROR(by_md5_.Get(middle, &row));
    MILLRACE_RETURN_IF_ERROR(md5_.Get(row, &value));
    if (value < md5) {
      begin = middle + 1;
    } else {
      end = middle;  // also on a hit: equal ones are in order of row, and the smallest is wanted
    }
  }
  return begin;
}

absl::StatusOr<bool> PostColumns::HasMd5At(uint64_t place, const Md5& md5, uint32_t* row) const {
  if (place == by_md5_.size()) return false;
  Md5 value;
  MILLRACE_RETURN_IF_ERROR(by_md5_.Get(place, row));
  MILLRACE_RETURN_IF_ERROR(md5_.Get(*row, &value));
  return value == md5;
}

absl::StatusOr<std::optional<int64_t>> PostColumns::FindByMd5(const Md5& md5) const {
  MILLRACE_ASSIGN_OR_RETURN(const uint64_t place, LowerBoundByMd5(md5));
  uint32_t row;
  MILLRACE_ASSIGN_OR_RETURN(const bool has_it, HasMd5At(place, md5, &row));
  return has_it ? std::make_optional<int64_t>(row) : std::nullopt;
}

absl::Status PostColumns::FindAllByMd5(const Md5& md5, std::vector<uint32_t>* rows) const {
  rows->clear();
  MILLRACE_ASSIGN_OR_RETURN(uint64_t place, LowerBoundByMd5(md5));
  while (true) {
    uint32_t row;
    MILLRACE_ASSIGN_OR_RETURN(const bool has_it, HasMd5At(place++, md5, &row));
    if (!has_it) return absl::OkStatus();
    rows->push_back(row);
  }
}

absl::Status PostColumns::MissingSection(uint64_t row) const {
  return file_->Damaged(presence_.section(), row * sizeof(uint32_t), "it refers to a section that is missing");
}

template <typename T>
absl::Status PostColumns::ReadOptionals(const Column<T>& column, Field field, uint64_t first, uint64_t end,
                                        OptionalSlice<T>* slice) const {
  *slice = {};
  const Column<uint32_t>& words = PresenceOf(field);
  if (!words.is_present() || first == end) return absl::OkStatus();
  absl::Span<const uint32_t> presence;
  MILLRACE_RETURN_IF_ERROR(words.Get(first, end, &presence));
  if (!column.is_present()) {
    for (size_t i = 0; i < presence.size(); ++i) {
      if ((presence[i] & PresenceBit(field)) == 0) [[likely]]
        continue;
      return MissingSection(first + i);
    }
    return absl::OkStatus();
  }
  MILLRACE_RETURN_IF_ERROR(column.Get(first, end, &slice->values));
  slice->presence = presence;
  slice->presence_bit = PresenceBit(field);
  return absl::OkStatus();
}

// For the header, whose inline functions use them.
template absl::Status PostColumns::ReadOptionals(const Column<int32_t>&, Field, uint64_t, uint64_t,
                                                 OptionalSlice<int32_t>*) const;
template absl::Status PostColumns::ReadOptionals(const Column<int64_t>&, Field, uint64_t, uint64_t,
                                                 OptionalSlice<int64_t>*) const;

template <>
const Column<Md5>& PostColumns::OptionalColumn(Field) const {
  return md5_;
}

template <>
const Column<int32_t>& PostColumns::OptionalColumn(Field field) const {
  switch (field) {
    case Field::kWidthPx:
      return width_px_;
    case Field::kHeightPx:
      return height_px_;
    case Field::kUpScore:
      return up_score_;
    case Field::kDownScore:
      return down_score_;
    case Field::kFavoriteCount:
      return favorite_count_;
    default:
      return score_;
  }
}

template <>
const Column<int64_t>& PostColumns::OptionalColumn(Field field) const {
  switch (field) {
    case Field::kFileSizeBytes:
      return file_size_bytes_;
    case Field::kPixivId:
      return pixiv_id_;
    case Field::kParentId:
      return parent_id_;
    case Field::kUploaderId:
      return uploader_id_;
    case Field::kApproverId:
      return approver_id_;
    case Field::kCreatedAtUs:
      return created_at_us_;
    case Field::kUpdatedAtUs:
      return updated_at_us_;
    case Field::kLastCommentedAtUs:
      return last_commented_at_us_;
    case Field::kDurationUs:
      return duration_us_;
    default:
      return last_noted_at_us_;
  }
}

absl::Status PostColumns::ReadRatings(uint64_t first, uint64_t end, absl::Span<const uint8_t>* ratings) const {
  *ratings = {};
  return rating_.is_present() ? rating_.Get(first, end, ratings) : absl::OkStatus();
}

absl::Status PostColumns::ReadFlags(uint64_t row, PostFlags* flags) const {
  *flags = {};
  if (!flags_.is_present()) return absl::OkStatus();
  uint32_t word;
  MILLRACE_RETURN_IF_ERROR(flags_.Get(row, &word));
  flags->known = static_cast<uint16_t>(word);
  flags->value = static_cast<uint16_t>(word >> 16 & word);
  return absl::OkStatus();
}

absl::Status PostColumns::ReadFileExt(uint64_t row, std::string_view* file_ext) const {
  uint32_t code = 0;
  if (file_ext_.is_present()) MILLRACE_RETURN_IF_ERROR(file_ext_.Get(row, &code));
  return ReadWord(file_ext_names_, code, file_ext);
}

absl::Status PostColumns::ReadPoolKind(uint64_t place, std::string_view* kind) const {
  uint32_t code = 0;
  if (pool_kinds_.is_present()) MILLRACE_RETURN_IF_ERROR(pool_kinds_.Get(place, &code));
  return ReadWord(pool_kind_names_, code, kind);
}

absl::Status PostColumns::AppendPoolKinds(uint64_t row, std::vector<std::string_view>* kinds) const {
  uint64_t begin, end;
  MILLRACE_RETURN_IF_ERROR(pools_.GetRange(row, &begin, &end));
  for (uint64_t i = begin; i < end; ++i) MILLRACE_RETURN_IF_ERROR(ReadPoolKind(i, &kinds->emplace_back()));
  return absl::OkStatus();
}

}  // namespace millrace::snapshot_file
