#include "core/catalog/post_rows.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/pool_rows.h"
#include "core/catalog/post_codec.h"

namespace millrace {
namespace {

constexpr char kPostColumns[] =
    "SELECT post_id, md5, rating, file_ext, tag_ids, flags_known, flags_value, width_px, height_px, file_size_bytes, "
    "source, pixiv_id, parent_id, uploader_id, approver_id, score, up_score, down_score, created_at_us, "
    "updated_at_us, last_commented_at_us, last_noted_at_us, pools, favorite_user_ids, extra_json, favorite_count, "
    "duration_us FROM posts ";

absl::Status DamagedPostError(int64_t post_id, std::string_view field) {
  return MakeError(Reason::kCatalogDamaged,
                   absl::StrCat("post ", post_id, " in the catalog: its ", std::string(field),
                                " cannot be read. Restore the catalog from a backup or import the post again."));
}

std::optional<Md5> Md5Of(Statement& statement, int column) {
  const absl::Span<const uint8_t> bytes = statement.Blob(column);
  Md5 md5;
  if (bytes.size() != md5.size()) return std::nullopt;
  std::copy(bytes.begin(), bytes.end(), md5.begin());
  return md5;
}

absl::Status ReadRating(Statement& row, int column, int64_t post_id, Rating* rating) {
  const int64_t value = row.Int64(column);
  if (value < 0 || value >= kRatingCount) return DamagedPostError(post_id, "rating");
  *rating = static_cast<Rating>(value);
  return absl::OkStatus();
}

// Reads the row of a kPostColumns statement. Keeps the memory of `post`.
absl::Status FillPost(Statement& row, Post* post) {
  post->id = row.Int64(0);
  post->md5 = Md5Of(row, 1);
  MILLRACE_RETURN_IF_ERROR(ReadRating(row, 2, post->id, &post->rating));
  post->file_ext = row.Text(3);
  if (!DecodeAscendingIds(row.Blob(4), &post->tag_ids)) return DamagedPostError(post->id, "tags");
  post->flags.known = static_cast<uint16_t>(row.Int64(5));
  post->flags.value = static_cast<uint16_t>(row.Int64(6));
  post->width_px = row.OptionalInt<int32_t>(7);
  post->height_px = row.OptionalInt<int32_t>(8);
  post->file_size_bytes = row.OptionalInt<int64_t>(9);
  post->source = row.Text(10);
  post->pixiv_id = row.OptionalInt<int64_t>(11);
  post->parent_id = row.OptionalInt<int64_t>(12);
  post->uploader_id = row.OptionalInt<int64_t>(13);
  post->approver_id = row.OptionalInt<int64_t>(14);
  post->score = row.OptionalInt<int32_t>(15);
  post->up_score = row.OptionalInt<int32_t>(16);
  post->down_score = row.OptionalInt<int32_t>(17);
  post->created_at_us = row.OptionalInt<int64_t>(18);
  post->updated_at_us = row.OptionalInt<int64_t>(19);
  post->last_commented_at_us = row.OptionalInt<int64_t>(20);
  post->last_noted_at_us = row.OptionalInt<int64_t>(21);
  if (!DecodePools(row.Blob(22), &post->pools)) return DamagedPostError(post->id, "pools");
  if (!DecodeIds(row.Blob(23), &post->favorite_user_ids)) return DamagedPostError(post->id, "favorites");
  post->extra_json = row.Text(24);
  post->favorite_count = row.OptionalInt<int32_t>(25);
  post->duration_us = row.OptionalInt<int64_t>(26);
  return absl::OkStatus();
}

void BindView(PostView view, Statement* statement) {
  statement->Bind(1, view.dataset_id);
  statement->Bind(2, view.import_id);
}

}  // namespace

absl::StatusOr<std::optional<Post>> ReadPost(Database& database, PostView view, int64_t post_id, PostPools pools) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(absl::StrCat(kPostColumns,
                                          "INDEXED BY posts_by_id WHERE dataset_id = ?1 AND post_id = ?3 AND "
                                          "import_id <= ?2 ORDER BY import_id DESC LIMIT 1")));
  BindView(view, &statement);
  statement.Bind(3, post_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  Post post;
  MILLRACE_RETURN_IF_ERROR(FillPost(statement, &post));
  if (pools == PostPools::kAsStored) return post;
  MILLRACE_ASSIGN_OR_RETURN(PoolMerger merger, PoolMerger::Create(database, view.dataset_id, post_id));
  MILLRACE_RETURN_IF_ERROR(merger.Merge(&post));
  return post;
}

absl::StatusOr<std::optional<Post>> ReadPostByMd5(Database& database, PostView view, const Md5& md5) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT post_id FROM post_md5s WHERE dataset_id = ?1 AND md5 = ?2 ORDER BY post_id"));
  statement.Bind(1, view.dataset_id);
  statement.Bind(2, absl::MakeConstSpan(md5));
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return std::nullopt;
    MILLRACE_ASSIGN_OR_RETURN(std::optional<Post> post, ReadPost(database, view, statement.Int64(0)));
    // Entries may be ahead of the view, of an import in the making, or behind it, of a post that changed.
    if (post.has_value() && post->md5 == md5) return post;
  }
}

absl::StatusOr<std::optional<Md5>> ReadPostMd5(Database& database, PostView view, int64_t post_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT md5 FROM posts INDEXED BY posts_by_id WHERE dataset_id = ?1 AND post_id = ?3 AND "
                             "import_id <= ?2 ORDER BY import_id DESC LIMIT 1"));
  BindView(view, &statement);
  statement.Bind(3, post_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return Md5Of(statement, 0);
}

absl::Status VisitPosts(Database& database, PostView view, std::optional<int64_t> after_id,
                        const std::function<absl::StatusOr<bool>(const Post&)>& visit, PostPools pools) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(absl::StrCat(kPostColumns,
                                          "INDEXED BY posts_by_id WHERE dataset_id = ?1 AND import_id <= ?2 AND "
                                          "post_id > ?3 ORDER BY post_id, import_id DESC")));
  BindView(view, &statement);
  statement.Bind(3, after_id.value_or(INT64_MIN));
  MILLRACE_ASSIGN_OR_RETURN(PoolMerger merger,
                            PoolMerger::Create(database, view.dataset_id, after_id.value_or(INT64_MIN)));
  Post post;
  std::optional<int64_t> last_id;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return absl::OkStatus();
    // The newest row of a post comes first; the others wait to be swept.
    if (last_id == statement.Int64(0)) continue;
    MILLRACE_RETURN_IF_ERROR(FillPost(statement, &post));
    if (pools == PostPools::kMerged) MILLRACE_RETURN_IF_ERROR(merger.Merge(&post));
    last_id = post.id;
    MILLRACE_ASSIGN_OR_RETURN(const bool goes_on, visit(post));
    if (!goes_on) return absl::OkStatus();
  }
}

absl::StatusOr<std::optional<ExistingPost>> ReadExistingPost(Database& database, PostView view, int64_t post_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT row, import_id, file_index, line, rating, file_ext, tag_ids FROM posts "
                             "INDEXED BY posts_by_id WHERE dataset_id = ?1 AND post_id = ?3 AND import_id <= ?2 "
                             "ORDER BY import_id DESC LIMIT 1"));
  BindView(view, &statement);
  statement.Bind(3, post_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  ExistingPost existing;
  existing.row = statement.Int64(0);
  existing.import_id = statement.Int64(1);
  existing.place = {static_cast<int32_t>(statement.Int64(2)), statement.Int64(3)};
  MILLRACE_RETURN_IF_ERROR(ReadRating(statement, 4, post_id, &existing.rating));
  existing.file_ext = std::string(statement.Text(5));
  if (!DecodeAscendingIds(statement.Blob(6), &existing.tag_ids)) return DamagedPostError(post_id, "tags");
  return existing;
}

}  // namespace millrace
