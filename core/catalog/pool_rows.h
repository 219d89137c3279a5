// The pools and artists that lists told of, and the pools of posts. Functions on one connection, to be called within a
// transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/catalog/listed_counts.h"
#include "core/catalog/sqlite.h"
#include "core/model/post.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Both: what is not told stays as it was told before (told_facts.h).
//
// Adds the pool, or replaces it with its posts; as long as no list says that it is deleted, it is not.
absl::StatusOr<ListedChange> WritePool(Database& database, int64_t dataset_id, const PoolFact& told);
// Adds the artist, or replaces the one of that id (without one: of that name).
absl::StatusOr<ListedChange> WriteArtist(Database& database, int64_t dataset_id, const ArtistFact& told);
// Ascending by id; fewer than `limit`, too, when IsListingFull (listed_bytes.h).
absl::StatusOr<std::vector<PoolFact>> ReadPools(Database& database, int64_t dataset_id, int64_t after_id,
                                                int64_t limit);
// Ascending by name, then id; likewise.
absl::StatusOr<std::vector<ArtistFact>> ReadArtists(Database& database, int64_t dataset_id,
                                                    const std::optional<ArtistCursor>& after, int64_t limit);

// Adds to posts what the list of pools told: the pools that have the post and that it does not name itself (deleted
// ones aside), ascending by id behind its own, and the kinds that it does not tell. For posts in ascending order of id.
class PoolMerger {
 public:
  // `database` must outlive it, and the transaction stay open. `first_post_id`: no post before it will come.
  static absl::StatusOr<PoolMerger> Create(Database& database, int64_t dataset_id, int64_t first_post_id);

  absl::Status Merge(Post* post);

 private:
  PoolMerger(Database* database, int64_t dataset_id, Statement memberships)
      : database_(database), dataset_id_(dataset_id), memberships_(std::move(memberships)) {}
  absl::Status Step();
  absl::Status FillKinds(Post* post);

  Database* database_;
  int64_t dataset_id_;
  Statement memberships_;   // post_id, pool_id, kind
  bool has_row_ = false;    // memberships_ stands on one
  bool has_pools_ = false;  // the dataset has any
};

}  // namespace millrace
