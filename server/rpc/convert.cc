#include "server/rpc/convert.h"

#include <algorithm>
#include <string>
#include <utility>

#include "core/base/error.h"
#include "core/model/time_range.h"

namespace millrace {
namespace {

constexpr char kHexDigits[] = "0123456789abcdef";

// Straight into the message's string, whose memory is used again.
void SetHex(absl::Span<const uint8_t> bytes, std::string* text) {
  text->resize(bytes.size() * 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    (*text)[2 * i] = kHexDigits[bytes[i] >> 4];
    (*text)[2 * i + 1] = kHexDigits[bytes[i] & 15];
  }
}

void SetFlags(const PostFlags& flags, v1::PostFlags* message) {
  const auto set = [&](PostFlag flag, void (v1::PostFlags::*setter)(bool)) {
    if (const std::optional<bool> value = flags.Get(flag); value.has_value()) (message->*setter)(*value);
  };
  set(PostFlag::kNoteLocked, &v1::PostFlags::set_is_note_locked);
  set(PostFlag::kRatingLocked, &v1::PostFlags::set_is_rating_locked);
  set(PostFlag::kStatusLocked, &v1::PostFlags::set_is_status_locked);
  set(PostFlag::kPending, &v1::PostFlags::set_is_pending);
  set(PostFlag::kFlagged, &v1::PostFlags::set_is_flagged);
  set(PostFlag::kDeleted, &v1::PostFlags::set_is_deleted);
  set(PostFlag::kBanned, &v1::PostFlags::set_is_banned);
  set(PostFlag::kHasChildren, &v1::PostFlags::set_has_children);
}

void SetPicture(const Post& post, const LocationTemplate& location, v1::Post* message) {
  if (post.md5.has_value()) SetHex(*post.md5, message->mutable_md5());
  if (post.width_px.has_value()) message->set_width_px(*post.width_px);
  if (post.height_px.has_value()) message->set_height_px(*post.height_px);
  if (!post.file_ext.empty()) message->set_file_ext(post.file_ext);
  if (post.file_size_bytes.has_value()) message->set_file_size_bytes(*post.file_size_bytes);
  if (!post.source.empty()) message->set_source(post.source);
  if (post.pixiv_id.has_value()) message->set_pixiv_id(*post.pixiv_id);
  if (post.duration_us.has_value()) message->set_duration_us(*post.duration_us);
  if (std::string path = location.Expand(post); !path.empty()) message->set_location(std::move(path));
}

// Imports refuse times that a timestamp cannot hold, but older ones took them: such a time is absent, since one bad
// timestamp makes the whole answer unreadable as JSON and in Python.
void SetPostTime(const std::optional<int64_t>& time_us, google::protobuf::Timestamp* (v1::Post::*field)(),
                 v1::Post* message) {
  if (time_us.has_value() && IsTimeInRange(*time_us)) SetTimestamp(*time_us, (message->*field)());
}

void SetHistory(const Post& post, v1::Post* message) {
  SetPostTime(post.created_at_us, &v1::Post::mutable_created_at, message);
  SetPostTime(post.updated_at_us, &v1::Post::mutable_updated_at, message);
  SetPostTime(post.last_commented_at_us, &v1::Post::mutable_last_commented_at, message);
  SetPostTime(post.last_noted_at_us, &v1::Post::mutable_last_noted_at, message);
  if (post.uploader_id.has_value()) message->set_uploader_id(*post.uploader_id);
  if (post.approver_id.has_value()) message->set_approver_id(*post.approver_id);
  if (post.score.has_value()) message->set_score(*post.score);
  if (post.up_score.has_value()) message->set_up_score(*post.up_score);
  if (post.down_score.has_value()) message->set_down_score(*post.down_score);
  if (post.favorite_count.has_value()) message->set_favorite_count(*post.favorite_count);
}

}  // namespace

std::optional<TimeCursor> TimeCursorOf(const std::optional<PageCursor>& cursor) {
  if (!cursor.has_value()) return std::nullopt;
  return TimeCursor{cursor->number, cursor->text};
}

void SetTimestamp(int64_t time_us, google::protobuf::Timestamp* timestamp) {
  // Nanoseconds count forward, also before 1970.
  int64_t seconds = time_us / 1'000'000;
  int64_t rest_us = time_us % 1'000'000;
  if (rest_us < 0) {
    rest_us += 1'000'000;
    --seconds;
  }
  timestamp->set_seconds(seconds);
  timestamp->set_nanos(static_cast<int32_t>(rest_us * 1000));
}

void SetTag(const Tag& tag, v1::Tag* message) {
  message->set_id(tag.id);
  message->set_name(tag.name);
  message->set_category(static_cast<v1::TagCategory>(tag.category));
  message->set_post_count(tag.post_count);
  message->set_is_deprecated(tag.is_deprecated);
}

void SetPostFields(const Post& post, const LocationTemplate& location, v1::Post* message) {
  message->set_id(post.id);
  message->set_rating(static_cast<v1::Rating>(post.rating));
  SetPicture(post, location, message);
  SetHistory(post, message);
  if (post.parent_id.has_value()) message->set_parent_id(*post.parent_id);
  for (const Pool& pool : post.pools) {
    v1::Pool* pool_message = message->add_pools();
    pool_message->set_id(pool.id);
    if (!pool.kind.empty()) pool_message->set_kind(pool.kind);
  }
  message->mutable_favorite_user_ids()->Add(post.favorite_user_ids.begin(), post.favorite_user_ids.end());
  if (post.flags.known != 0) SetFlags(post.flags, message->mutable_flags());
  if (!post.extra_json.empty()) message->set_extra_json(post.extra_json);
}

void SetStats(const Stats& stats, v1::Stats* message) {
  message->set_post_count(stats.post_count);
  message->set_tag_count(stats.tag_count);
  message->set_tag_use_count(stats.tag_use_count);
  if (stats.min_post_id.has_value()) message->set_min_post_id(*stats.min_post_id);
  if (stats.max_post_id.has_value()) message->set_max_post_id(*stats.max_post_id);
  for (int i = 0; i < kRatingCount; ++i) {
    if (stats.rating_post_counts[i] == 0) continue;
    v1::RatingCount* count = message->add_ratings();
    count->set_rating(static_cast<v1::Rating>(i));
    count->set_post_count(stats.rating_post_counts[i]);
  }
  for (int i = 0; i < kTagCategoryCount; ++i) {
    if (stats.category_tag_counts[i] == 0) continue;
    v1::CategoryCount* count = message->add_categories();
    count->set_category(static_cast<v1::TagCategory>(i));
    count->set_tag_count(stats.category_tag_counts[i]);
    count->set_tag_use_count(stats.category_tag_use_counts[i]);
  }
  for (const auto& [file_ext, post_count] : stats.file_type_post_counts) {
    v1::FileTypeCount* count = message->add_file_types();
    count->set_file_ext(file_ext);
    count->set_post_count(post_count);
  }
  // Stable, so that equal counts keep the order of the enum or of the extensions.
  std::stable_sort(message->mutable_ratings()->begin(), message->mutable_ratings()->end(),
                   [](const auto& a, const auto& b) { return a.post_count() > b.post_count(); });
  std::stable_sort(message->mutable_categories()->begin(), message->mutable_categories()->end(),
                   [](const auto& a, const auto& b) { return a.tag_use_count() > b.tag_use_count(); });
  std::stable_sort(message->mutable_file_types()->begin(), message->mutable_file_types()->end(),
                   [](const auto& a, const auto& b) { return a.post_count() > b.post_count(); });
}

void SetDataset(const DatasetInfo& dataset, v1::Dataset* message) {
  message->set_name(dataset.name);
  message->set_post_count(dataset.post_count);
  if (!dataset.newest_snapshot.empty()) message->set_newest_snapshot(dataset.newest_snapshot);
  SetTimestamp(dataset.created_at_us, message->mutable_created_at());
}

void SetSnapshot(const SnapshotRecord& record, v1::Snapshot* message) {
  message->set_digest(record.digest);
  message->set_dataset(record.dataset);
  SetTimestamp(record.created_at_us, message->mutable_created_at());
  message->set_post_count(record.post_count);
  message->set_tag_count(record.tag_count);
  message->set_tag_use_count(record.tag_use_count);
  message->set_file_size_bytes(record.file_size_bytes);
  message->set_format_version(record.format_version);
}

absl::Status SnapshotPostReader::Read(int64_t row, v1::Post* message) {
  MILLRACE_RETURN_IF_ERROR(snapshot_.ReadFields(row, &post_));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint32_t> tag_indexes, snapshot_.TagIndexes(row));
  SetPostFields(post_, location_, message);
  message->set_row(row);
  message->mutable_tags()->Reserve(static_cast<int>(tag_indexes.size()));
  for (const uint32_t tag_index : tag_indexes) {
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, snapshot_.TagAt(tag_index));
    v1::Tag* tag_message = message->add_tags();
    tag_message->set_id(tag.id);
    tag_message->set_name(tag.name.data(), tag.name.size());
    tag_message->set_category(static_cast<v1::TagCategory>(tag.category));
  }
  return absl::OkStatus();
}

absl::Status SetCatalogPosts(Catalog& catalog, std::string_view dataset, const LocationTemplate& location,
                             absl::Span<const Post> posts, absl::Span<v1::Post* const> messages) {
  std::vector<int64_t> tag_ids;
  for (const Post& post : posts) tag_ids.insert(tag_ids.end(), post.tag_ids.begin(), post.tag_ids.end());
  std::sort(tag_ids.begin(), tag_ids.end());
  tag_ids.erase(std::unique(tag_ids.begin(), tag_ids.end()), tag_ids.end());
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags, catalog.GetTags(dataset, tag_ids));

  for (size_t i = 0; i < posts.size(); ++i) {
    SetPostFields(posts[i], location, messages[i]);
    for (const int64_t tag_id : posts[i].tag_ids) {
      const size_t place = std::lower_bound(tag_ids.begin(), tag_ids.end(), tag_id) - tag_ids.begin();
      SetTag(tags[place], messages[i]->add_tags());
      messages[i]->mutable_tags()->rbegin()->clear_post_count();
    }
  }
  return absl::OkStatus();
}

}  // namespace millrace
