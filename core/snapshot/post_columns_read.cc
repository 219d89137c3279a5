// Whole posts, a row at a time: PostColumns::ReadFields and its prefetching, declared in post_columns.h.
#include "core/snapshot/post_columns.h"

namespace millrace::snapshot_file {

void PostColumns::PrefetchFields(uint64_t row, const PostParts& parts) const {
  id_.Prefetch(row);
  presence_.Prefetch(row);
  more_presence_.Prefetch(row);
  const auto prefetch = [&](const auto& column, Field field) {
    if ((parts.numbers & FieldBit(field)) != 0) column.Prefetch(row);
  };
  prefetch(md5_, Field::kMd5);
  prefetch(width_px_, Field::kWidthPx);
  prefetch(height_px_, Field::kHeightPx);
  prefetch(file_size_bytes_, Field::kFileSizeBytes);
  prefetch(pixiv_id_, Field::kPixivId);
  prefetch(parent_id_, Field::kParentId);
  prefetch(uploader_id_, Field::kUploaderId);
  prefetch(approver_id_, Field::kApproverId);
  prefetch(score_, Field::kScore);
  prefetch(up_score_, Field::kUpScore);
  prefetch(down_score_, Field::kDownScore);
  prefetch(created_at_us_, Field::kCreatedAtUs);
  prefetch(updated_at_us_, Field::kUpdatedAtUs);
  prefetch(last_commented_at_us_, Field::kLastCommentedAtUs);
  prefetch(last_noted_at_us_, Field::kLastNotedAtUs);
  prefetch(favorite_count_, Field::kFavoriteCount);
  prefetch(duration_us_, Field::kDurationUs);
  if (parts.rating) rating_.Prefetch(row);
  if (parts.flags) flags_.Prefetch(row);
  if (parts.file_ext) file_ext_.Prefetch(row);
  if (parts.source) source_.PrefetchPlace(row);
  if (parts.extra_json) extra_json_.PrefetchPlace(row);
  if (parts.tags) tags_.PrefetchPlace(row);
  if (parts.pools) pools_.PrefetchPlace(row);
  if (parts.favorites) favorites_.PrefetchPlace(row);
}

void PostColumns::PrefetchLists(uint64_t row, const PostParts& parts) const {
  if (parts.source) source_.PrefetchValues(row);
  if (parts.extra_json) extra_json_.PrefetchValues(row);
  if (parts.tags) tags_.PrefetchValues(row);
  if (parts.pools) pools_.PrefetchValues(row);
  if (parts.favorites) favorites_.PrefetchValues(row);
}

absl::Status PostColumns::ReadFields(uint64_t row, Post* post, const PostParts& parts) const {
  post->Clear();
  MILLRACE_RETURN_IF_ERROR(ReadNumbers(row, parts, post));
  MILLRACE_RETURN_IF_ERROR(ReadTexts(row, parts, post));
  return ReadLists(row, parts, post);
}

template <typename T>
absl::Status PostColumns::ReadOptional(const Column<T>& column, Field field, uint32_t presence, uint64_t row,
                                       std::optional<T>* value) const {
  if ((presence & FieldBit(field)) == 0) return absl::OkStatus();
  if (!column.is_present()) return MissingSection(row);
  return column.Get(row, &value->emplace());
}

absl::Status PostColumns::ReadPresence(uint64_t row, uint32_t* presence) const {
  uint32_t first = 0;
  uint32_t more = 0;
  if (presence_.is_present()) MILLRACE_RETURN_IF_ERROR(presence_.Get(row, &first));
  if (more_presence_.is_present()) MILLRACE_RETURN_IF_ERROR(more_presence_.Get(row, &more));
  *presence = JoinPresence(first, more);
  return absl::OkStatus();
}

absl::Status PostColumns::ReadNumbers(uint64_t row, const PostParts& parts, Post* post) const {
  MILLRACE_RETURN_IF_ERROR(id_.Get(row, &post->id));
  uint32_t presence;
  MILLRACE_RETURN_IF_ERROR(ReadPresence(row, &presence));
  presence &= parts.numbers;
  const auto read = [&](const auto& column, Field field, auto* value) {
    return ReadOptional(column, field, presence, row, value);
  };
  MILLRACE_RETURN_IF_ERROR(read(md5_, Field::kMd5, &post->md5));
  MILLRACE_RETURN_IF_ERROR(read(width_px_, Field::kWidthPx, &post->width_px));
  MILLRACE_RETURN_IF_ERROR(read(height_px_, Field::kHeightPx, &post->height_px));
  MILLRACE_RETURN_IF_ERROR(read(file_size_bytes_, Field::kFileSizeBytes, &post->file_size_bytes));
  MILLRACE_RETURN_IF_ERROR(read(pixiv_id_, Field::kPixivId, &post->pixiv_id));
  MILLRACE_RETURN_IF_ERROR(read(parent_id_, Field::kParentId, &post->parent_id));
  MILLRACE_RETURN_IF_ERROR(read(uploader_id_, Field::kUploaderId, &post->uploader_id));
  MILLRACE_RETURN_IF_ERROR(read(approver_id_, Field::kApproverId, &post->approver_id));
  MILLRACE_RETURN_IF_ERROR(read(score_, Field::kScore, &post->score));
  MILLRACE_RETURN_IF_ERROR(read(up_score_, Field::kUpScore, &post->up_score));
  MILLRACE_RETURN_IF_ERROR(read(down_score_, Field::kDownScore, &post->down_score));
  MILLRACE_RETURN_IF_ERROR(read(created_at_us_, Field::kCreatedAtUs, &post->created_at_us));
  MILLRACE_RETURN_IF_ERROR(read(updated_at_us_, Field::kUpdatedAtUs, &post->updated_at_us));
  MILLRACE_RETURN_IF_ERROR(read(last_commented_at_us_, Field::kLastCommentedAtUs, &post->last_commented_at_us));
  MILLRACE_RETURN_IF_ERROR(read(last_noted_at_us_, Field::kLastNotedAtUs, &post->last_noted_at_us));
  MILLRACE_RETURN_IF_ERROR(read(favorite_count_, Field::kFavoriteCount, &post->favorite_count));
  MILLRACE_RETURN_IF_ERROR(read(duration_us_, Field::kDurationUs, &post->duration_us));
  if (parts.rating && rating_.is_present()) {
    uint8_t rating;
    MILLRACE_RETURN_IF_ERROR(rating_.Get(row, &rating));
    post->rating = static_cast<Rating>(rating);
  }
  return parts.flags ? ReadFlags(row, &post->flags) : absl::OkStatus();
}

absl::Status PostColumns::ReadTexts(uint64_t row, const PostParts& parts, Post* post) const {
  std::string_view text;
  if (parts.file_ext) {
    MILLRACE_RETURN_IF_ERROR(ReadFileExt(row, &text));
    post->file_ext.assign(text);
  }
  if (parts.source) {
    MILLRACE_RETURN_IF_ERROR(source_.Get(row, &text));
    post->source.assign(text);
  }
  if (!parts.extra_json) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(extra_json_.Get(row, &text));
  post->extra_json.assign(text);
  return absl::OkStatus();
}

absl::Status PostColumns::ReadLists(uint64_t row, const PostParts& parts, Post* post) const {
  absl::Span<const int64_t> ids;
  if (parts.favorites) {
    MILLRACE_RETURN_IF_ERROR(favorites_.Get(row, &ids));
    post->favorite_user_ids.assign(ids.begin(), ids.end());
  }
  if (!parts.pools) return absl::OkStatus();
  uint64_t begin, end;
  MILLRACE_RETURN_IF_ERROR(pools_.GetRange(row, &begin, &end));
  if (begin == end) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(pools_.Get(row, &ids));
  post->pools.resize(end - begin);
  for (uint64_t i = begin; i < end; ++i) {
    Pool& pool = post->pools[i - begin];
    pool.id = ids[i - begin];
    std::string_view kind;
    MILLRACE_RETURN_IF_ERROR(ReadPoolKind(i, &kind));
    pool.kind.assign(kind);
  }
  return absl::OkStatus();
}

}  // namespace millrace::snapshot_file
