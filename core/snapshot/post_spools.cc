#include "core/snapshot/post_spools.h"

#include <algorithm>
#include <cstring>
#include <optional>
#include <tuple>

namespace millrace::snapshot_file {
namespace {

// An md5 as two numbers that compare as its bytes do, and its row.
struct Md5Entry {
  uint64_t high;
  uint64_t low;
  uint64_t row;
};

uint64_t BigEndian64(const uint8_t* bytes) {
  uint64_t value;
  std::memcpy(&value, bytes, sizeof value);
  return __builtin_bswap64(value);
}

// Sets the field's bit when there is a value.
template <typename T>
absl::Status AddOptional(ColumnSpool<T>& spool, uint64_t row, const std::optional<T>& value, Field field,
                         uint32_t* presence) {
  if (value.has_value()) *presence |= FieldBit(field);
  return spool.Add(row, value.value_or(T{}), value.has_value());
}

template <typename Values>
absl::Status CopyNumbersTo(std::string_view name, const Values& values, SectionFile* file) {
  file->Begin(name, ElementType::kI64);
  MILLRACE_RETURN_IF_ERROR(file->Append(values.data(), values.size() * sizeof(int64_t)));
  return file->End();
}

}  // namespace

PostSpools::PostSpools(const std::string& folder)
    : folder_(folder),
      id_(folder, "post.id"),
      presence_(folder, "post.presence"),
      md5_(folder, "post.md5"),
      rating_(folder, "post.rating"),
      width_px_(folder, "post.width_px"),
      height_px_(folder, "post.height_px"),
      file_size_bytes_(folder, "post.file_size_bytes"),
      pixiv_id_(folder, "post.pixiv_id"),
      parent_id_(folder, "post.parent_id"),
      uploader_id_(folder, "post.uploader_id"),
      approver_id_(folder, "post.approver_id"),
      score_(folder, "post.score"),
      up_score_(folder, "post.up_score"),
      down_score_(folder, "post.down_score"),
      created_at_us_(folder, "post.created_at_us"),
      updated_at_us_(folder, "post.updated_at_us"),
      last_commented_at_us_(folder, "post.last_commented_at_us"),
      last_noted_at_us_(folder, "post.last_noted_at_us"),
      more_presence_(folder, "post.more_presence"),
      favorite_count_(folder, "post.favorite_count"),
      duration_us_(folder, "post.duration_us"),
      flags_(folder, "post.flags"),
      file_ext_(folder, "post.file_ext"),
      source_(folder, "post.source"),
      extra_json_(folder, "post.extra_json"),
      tag_offsets_(folder, "post.tags.offsets"),
      pools_(folder, "post.pools.offsets", "post.pools"),
      pool_kinds_(folder, "post.pools.kind"),
      favorites_(folder, "post.favorites.offsets", "post.favorites"),
      md5_index_(folder + "/index.post_by_md5"),
      file_ext_posts_(1) {}

absl::Status PostSpools::Add(uint64_t row, const Post& post) {
  MILLRACE_RETURN_IF_ERROR(AddNumbers(row, post));
  MILLRACE_RETURN_IF_ERROR(AddMd5(row, post));
  const uint32_t file_ext = file_ext_words_.CodeOf(post.file_ext);
  file_ext_posts_.resize(file_ext_words_.size() + 1);
  ++file_ext_posts_[file_ext];
  MILLRACE_RETURN_IF_ERROR(file_ext_.Add(row, file_ext, file_ext != 0));
  MILLRACE_RETURN_IF_ERROR(source_.Add(row, post.source));
  MILLRACE_RETURN_IF_ERROR(extra_json_.Add(row, post.extra_json));
  MILLRACE_RETURN_IF_ERROR(tag_offsets_.Add(row, post.tag_ids.size()));
  MILLRACE_RETURN_IF_ERROR(favorites_.Add(row, post.favorite_user_ids));
  return AddPools(row, post);
}

absl::Status PostSpools::AddNumbers(uint64_t row, const Post& post) {
  uint32_t presence = 0;
  const auto add = [&](auto& spool, const auto& value, Field field) {
    return AddOptional(spool, row, value, field, &presence);
  };
  MILLRACE_RETURN_IF_ERROR(id_.Add(row, post.id, true));
  MILLRACE_RETURN_IF_ERROR(add(md5_, post.md5, Field::kMd5));
  MILLRACE_RETURN_IF_ERROR(add(width_px_, post.width_px, Field::kWidthPx));
  MILLRACE_RETURN_IF_ERROR(add(height_px_, post.height_px, Field::kHeightPx));
  MILLRACE_RETURN_IF_ERROR(add(file_size_bytes_, post.file_size_bytes, Field::kFileSizeBytes));
  MILLRACE_RETURN_IF_ERROR(add(pixiv_id_, post.pixiv_id, Field::kPixivId));
  MILLRACE_RETURN_IF_ERROR(add(parent_id_, post.parent_id, Field::kParentId));
  MILLRACE_RETURN_IF_ERROR(add(uploader_id_, post.uploader_id, Field::kUploaderId));
  MILLRACE_RETURN_IF_ERROR(add(approver_id_, post.approver_id, Field::kApproverId));
  MILLRACE_RETURN_IF_ERROR(add(score_, post.score, Field::kScore));
  MILLRACE_RETURN_IF_ERROR(add(up_score_, post.up_score, Field::kUpScore));
  MILLRACE_RETURN_IF_ERROR(add(down_score_, post.down_score, Field::kDownScore));
  MILLRACE_RETURN_IF_ERROR(add(created_at_us_, post.created_at_us, Field::kCreatedAtUs));
  MILLRACE_RETURN_IF_ERROR(add(updated_at_us_, post.updated_at_us, Field::kUpdatedAtUs));
  MILLRACE_RETURN_IF_ERROR(add(last_commented_at_us_, post.last_commented_at_us, Field::kLastCommentedAtUs));
  MILLRACE_RETURN_IF_ERROR(add(last_noted_at_us_, post.last_noted_at_us, Field::kLastNotedAtUs));
  MILLRACE_RETURN_IF_ERROR(add(favorite_count_, post.favorite_count, Field::kFavoriteCount));
  MILLRACE_RETURN_IF_ERROR(add(duration_us_, post.duration_us, Field::kDurationUs));
  const uint32_t first = presence & ((1u << kFirstPresenceCount) - 1);
  const uint32_t more = presence >> kFirstPresenceCount;
  MILLRACE_RETURN_IF_ERROR(presence_.Add(row, first, first != 0));
  MILLRACE_RETURN_IF_ERROR(more_presence_.Add(row, more, more != 0));

  const uint8_t rating = static_cast<uint8_t>(post.rating);
  ++rating_posts_[rating];
  MILLRACE_RETURN_IF_ERROR(rating_.Add(row, rating, rating != 0));
  const uint32_t flags = post.flags.known | static_cast<uint32_t>(post.flags.value & post.flags.known) << 16;
  return flags_.Add(row, flags, flags != 0);
}

absl::Status PostSpools::AddMd5(uint64_t row, const Post& post) {
  if (!post.md5.has_value()) return absl::OkStatus();
  const Md5Entry entry{BigEndian64(post.md5->data()), BigEndian64(post.md5->data() + 8), row};
  return md5_index_.Append(&entry, sizeof entry);
}

absl::Status PostSpools::AddPools(uint64_t row, const Post& post) {
  pool_ids_.clear();
  for (const Pool& pool : post.pools) {
    pool_ids_.push_back(pool.id);
    const uint32_t kind = pool_kind_words_.CodeOf(pool.kind);
    MILLRACE_RETURN_IF_ERROR(pool_kinds_.Add(pool_count_, kind, kind != 0));
    ++pool_count_;
  }
  return pools_.Add(row, pool_ids_);
}

absl::Status PostSpools::CopyTo(SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(tag_offsets_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(CopyNumbers(file));
  MILLRACE_RETURN_IF_ERROR(CopyTexts(file));
  MILLRACE_RETURN_IF_ERROR(CopyLists(file));
  MILLRACE_RETURN_IF_ERROR(CopyMd5Index(file));
  return CopyStats(file);
}

absl::Status PostSpools::CopyNumbers(SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(id_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(presence_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(md5_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(rating_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(width_px_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(height_px_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(file_size_bytes_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(pixiv_id_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(parent_id_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(uploader_id_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(approver_id_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(score_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(up_score_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(down_score_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(created_at_us_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(updated_at_us_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(last_commented_at_us_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(last_noted_at_us_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(more_presence_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(favorite_count_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(duration_us_.CopyTo(file));
  return flags_.CopyTo(file);
}

absl::Status PostSpools::CopyTexts(SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(file_ext_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(file_ext_words_.CopyTo(folder_, "dictionary.file_ext", file));
  MILLRACE_RETURN_IF_ERROR(source_.CopyTo(file));
  return extra_json_.CopyTo(file);
}

absl::Status PostSpools::CopyLists(SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(pools_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(pool_kinds_.CopyTo(file));
  MILLRACE_RETURN_IF_ERROR(pool_kind_words_.CopyTo(folder_, "dictionary.pool_kind", file));
  return favorites_.CopyTo(file);
}

absl::Status PostSpools::CopyMd5Index(SectionFile* file) {
  std::vector<Md5Entry> entries;
  entries.reserve(static_cast<size_t>(md5_index_.size_bytes()) / sizeof(Md5Entry));
  MILLRACE_RETURN_IF_ERROR(
      md5_index_.Drain(4096 * sizeof(Md5Entry), [&](const char* data, size_t size_bytes) -> absl::Status {
        const size_t first = entries.size();
        entries.resize(first + size_bytes / sizeof(Md5Entry));
        std::memcpy(entries.data() + first, data, size_bytes);
        return absl::OkStatus();
      }));
  std::sort(entries.begin(), entries.end(), [](const Md5Entry& a, const Md5Entry& b) {
    return std::tie(a.high, a.low, a.row) < std::tie(b.high, b.low, b.row);
  });
  file->Begin("index.post_by_md5", ElementType::kU32);
  for (const Md5Entry& entry : entries) {
    const uint32_t row = static_cast<uint32_t>(entry.row);
    MILLRACE_RETURN_IF_ERROR(file->Append(&row, sizeof row));
  }
  return file->End();
}

absl::Status PostSpools::CopyStats(SectionFile* file) {
  MILLRACE_RETURN_IF_ERROR(CopyNumbersTo("stats.rating_posts", rating_posts_, file));
  return CopyNumbersTo("stats.file_ext_posts", file_ext_posts_, file);
}

}  // namespace millrace::snapshot_file
