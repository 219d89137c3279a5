#include "core/catalog/pool_rows.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/listed_bytes.h"
#include "core/catalog/post_codec.h"
#include "core/catalog/told_facts.h"

namespace millrace {
namespace {

absl::Span<const uint8_t> BytesOf(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

absl::Status DamagedError(std::string_view what, int64_t id) {
  return MakeError(Reason::kCatalogDamaged, absl::StrCat(std::string(what), " ", id,
                                                         " in the catalog cannot be read. Restore the catalog from a "
                                                         "backup or import the list again."));
}

// Of statements that select pool_id, name, kind, is_deleted, post_ids, extra_json.
absl::StatusOr<std::vector<PoolFact>> ReadAllPools(Statement& statement) {
  std::vector<PoolFact> pools;
  size_t size_bytes = 0;
  while (size_bytes < kListedBytesMax) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) break;
    PoolFact& pool = pools.emplace_back();
    pool.id = statement.Int64(0);
    pool.name = std::string(statement.Text(1));
    pool.kind = std::string(statement.Text(2));
    pool.is_deleted = statement.Int64(3) != 0;
    if (!DecodeIds(statement.Blob(4), &pool.post_ids)) return DamagedError("pool", pool.id);
    pool.extra_json = std::string(statement.Text(5));
    size_bytes += ListedBytes(pool);
  }
  return pools;
}

// The pool as it is; empty when it is not there.
absl::StatusOr<std::vector<PoolFact>> ReadPool(Database& database, int64_t dataset_id, int64_t pool_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT pool_id, name, kind, is_deleted, post_ids, extra_json FROM pools "
                             "WHERE dataset_id = ?1 AND pool_id = ?2"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, pool_id);
  return ReadAllPools(statement);
}

// Of statements that select artist_id, name, other_names, extra_json.
absl::StatusOr<std::vector<ArtistFact>> ReadAllArtists(Statement& statement) {
  std::vector<ArtistFact> artists;
  size_t size_bytes = 0;
  while (size_bytes < kListedBytesMax) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) break;
    ArtistFact& artist = artists.emplace_back();
    artist.id = statement.Int64(0);
    artist.name = std::string(statement.Text(1));
    if (!DecodeTexts(statement.Blob(2), &artist.other_names)) return DamagedError("artist", artist.id);
    artist.extra_json = std::string(statement.Text(3));
    size_bytes += ListedBytes(artist);
  }
  return artists;
}

// The artist of that id (without one: of that name); empty when it is not there.
absl::StatusOr<std::vector<ArtistFact>> ReadArtist(Database& database, int64_t dataset_id, const ArtistFact& artist) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT artist_id, name, other_names, extra_json FROM artists "
                             "WHERE dataset_id = ?1 AND artist_id = ?2 AND (?2 <> 0 OR name = ?3)"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, artist.id);
  statement.BindBorrowed(3, artist.name);
  return ReadAllArtists(statement);
}

absl::Status ReplacePostsOfPool(Database& database, int64_t dataset_id, int64_t pool_id,
                                const std::vector<int64_t>& before, const std::vector<int64_t>& after) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove,
      database.PrepareCached("DELETE FROM pool_posts WHERE dataset_id = ?1 AND post_id = ?2 AND pool_id = ?3"));
  // A pool may show a post twice.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT OR IGNORE INTO pool_posts (dataset_id, post_id, pool_id) VALUES (?1, ?2, ?3)"));
  for (Statement* statement : {&remove, &insert}) {
    statement->Bind(1, dataset_id);
    statement->Bind(3, pool_id);
  }
  for (const int64_t post_id : before) {
    remove.Bind(2, post_id);
    MILLRACE_RETURN_IF_ERROR(remove.Run());
  }
  for (const int64_t post_id : after) {
    insert.Bind(2, post_id);
    MILLRACE_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<ListedChange> WritePool(Database& database, int64_t dataset_id, const PoolFact& told) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<PoolFact> before, ReadPool(database, dataset_id, told.id));
  const PoolFact pool = before.empty() ? told : ToldOver(before[0], told);
  if (!before.empty() && before[0] == pool) return ListedChange::kUnchanged;
  const std::vector<int64_t> posts_before = before.empty() ? std::vector<int64_t>() : before[0].post_ids;
  if (posts_before != pool.post_ids) {
    MILLRACE_RETURN_IF_ERROR(ReplacePostsOfPool(database, dataset_id, pool.id, posts_before, pool.post_ids));
  }
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT OR REPLACE INTO pools (dataset_id, pool_id, name, kind, is_deleted, post_ids, "
                             "extra_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  std::string packed;
  EncodeIds(pool.post_ids, &packed);
  upsert.Bind(1, dataset_id);
  upsert.Bind(2, pool.id);
  upsert.BindBorrowed(3, pool.name);
  upsert.BindBorrowed(4, pool.kind);
  upsert.Bind(5, static_cast<int64_t>(pool.is_deleted.value_or(false)));
  upsert.Bind(6, BytesOf(packed));
  upsert.BindBorrowed(7, pool.extra_json);
  MILLRACE_RETURN_IF_ERROR(upsert.Run());
  return before.empty() ? ListedChange::kNew : ListedChange::kUpdated;
}

absl::StatusOr<ListedChange> WriteArtist(Database& database, int64_t dataset_id, const ArtistFact& told) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<ArtistFact> before, ReadArtist(database, dataset_id, told));
  const ArtistFact artist = before.empty() ? told : ToldOver(before[0], told);
  if (!before.empty() && before[0] == artist) return ListedChange::kUnchanged;
  if (!before.empty() && before[0].name != artist.name) {
    MILLRACE_ASSIGN_OR_RETURN(Statement remove,
                              database.PrepareCached("DELETE FROM artists WHERE dataset_id = ?1 AND artist_id = ?2"));
    remove.Bind(1, dataset_id);
    remove.Bind(2, artist.id);
    MILLRACE_RETURN_IF_ERROR(remove.Run());
  }
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT OR REPLACE INTO artists (dataset_id, artist_id, name, other_names, extra_json) "
                             "VALUES (?1, ?2, ?3, ?4, ?5)"));
  std::string packed;
  EncodeTexts(artist.other_names, &packed);
  upsert.Bind(1, dataset_id);
  upsert.Bind(2, artist.id);
  upsert.BindBorrowed(3, artist.name);
  upsert.Bind(4, BytesOf(packed));
  upsert.BindBorrowed(5, artist.extra_json);
  MILLRACE_RETURN_IF_ERROR(upsert.Run());
  return before.empty() ? ListedChange::kNew : ListedChange::kUpdated;
}

absl::StatusOr<std::vector<PoolFact>> ReadPools(Database& database, int64_t dataset_id, int64_t after_id,
                                                int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT pool_id, name, kind, is_deleted, post_ids, extra_json FROM pools "
                             "WHERE dataset_id = ?1 AND pool_id > ?2 ORDER BY pool_id LIMIT ?3"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, after_id);
  statement.Bind(3, limit);
  return ReadAllPools(statement);
}

absl::StatusOr<std::vector<ArtistFact>> ReadArtists(Database& database, int64_t dataset_id,
                                                    const std::optional<ArtistCursor>& after, int64_t limit) {
  const ArtistCursor from = after.value_or(ArtistCursor{"", INT64_MIN});
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT artist_id, name, other_names, extra_json FROM artists INDEXED BY artists_by_name "
                             "WHERE dataset_id = ?1 AND (name, artist_id) > (?2, ?3) ORDER BY name, artist_id "
                             "LIMIT ?4"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, from.name);
  statement.Bind(3, from.id);
  statement.Bind(4, limit);
  return ReadAllArtists(statement);
}

absl::StatusOr<PoolMerger> PoolMerger::Create(Database& database, int64_t dataset_id, int64_t first_post_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement memberships,
      database.PrepareCached("SELECT m.post_id, m.pool_id, p.kind FROM pool_posts m CROSS JOIN pools p "
                             "ON p.dataset_id = m.dataset_id AND p.pool_id = m.pool_id "
                             "WHERE m.dataset_id = ?1 AND m.post_id >= ?2 AND p.is_deleted = 0 "
                             "ORDER BY m.post_id, m.pool_id"));
  memberships.Bind(1, dataset_id);
  memberships.Bind(2, first_post_id);
  MILLRACE_ASSIGN_OR_RETURN(Statement exists,
                            database.PrepareCached("SELECT EXISTS (SELECT 1 FROM pools WHERE dataset_id = ?1)"));
  exists.Bind(1, dataset_id);
  MILLRACE_RETURN_IF_ERROR(exists.Step().status());
  PoolMerger merger(&database, dataset_id, std::move(memberships));
  merger.has_pools_ = exists.Int64(0) != 0;
  if (merger.has_pools_) MILLRACE_RETURN_IF_ERROR(merger.Step());
  return merger;
}

absl::Status PoolMerger::Step() {
  MILLRACE_ASSIGN_OR_RETURN(has_row_, memberships_.Step());
  return absl::OkStatus();
}

absl::Status PoolMerger::Merge(Post* post) {
  if (!has_pools_) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(FillKinds(post));
  while (has_row_ && memberships_.Int64(0) < post->id) MILLRACE_RETURN_IF_ERROR(Step());
  const size_t own_count = post->pools.size();
  while (has_row_ && memberships_.Int64(0) == post->id) {
    const int64_t pool_id = memberships_.Int64(1);
    const auto own_end = post->pools.begin() + static_cast<std::ptrdiff_t>(own_count);
    const bool is_own = std::any_of(post->pools.begin(), own_end, [&](const Pool& pool) { return pool.id == pool_id; });
    if (!is_own) post->pools.push_back({pool_id, std::string(memberships_.Text(2))});
    MILLRACE_RETURN_IF_ERROR(Step());
  }
  return absl::OkStatus();
}

absl::Status PoolMerger::FillKinds(Post* post) {
  for (Pool& pool : post->pools) {
    if (!pool.kind.empty()) continue;
    MILLRACE_ASSIGN_OR_RETURN(
        Statement kind, database_->PrepareCached("SELECT kind FROM pools WHERE dataset_id = ?1 AND pool_id = ?2"));
    kind.Bind(1, dataset_id_);
    kind.Bind(2, pool.id);
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, kind.Step());
    if (has_row) pool.kind = std::string(kind.Text(0));
  }
  return absl::OkStatus();
}

}  // namespace millrace
