// An open snapshot: a mapped file that is never changed. Opening reads the header and the directory only; every
// block of 64 KiB is checked against its checksum when it is first touched, so that damage is found before it
// is served (kSnapshotDamaged, naming section and offset) and nothing is read for safety's sake alone.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/post.h"
#include "core/model/stats.h"
#include "core/model/tag_query.h"
#include "core/model/tag_relation.h"
#include "core/snapshot/slices.h"

namespace millrace {

class Postings;
class ResidentBudget;
class TagRelations;

namespace snapshot_file {
class FieldRuns;
class PostColumns;
class TagTable;
}  // namespace snapshot_file

// A tag in the mapped file. The name is valid while the snapshot lives.
struct TagView {
  int64_t id = 0;
  std::string_view name;
  TagCategory category = TagCategory::kUnspecified;
  int64_t post_count = 0;
  bool is_deprecated = false;
};

// An alias or implication in the mapped file.
struct TagRelationView {
  std::string_view antecedent;
  std::string_view consequent;
};

struct VerifyReport {
  std::vector<std::string> damages;  // a sentence each, with section and byte offset; empty: intact
  int64_t byte_count = 0;
};

// Thread-safe. Rows are numbered from 0 in ascending order of post id; tags are numbered ("tag index") from 0 in
// ascending order of tag id. Methods that take a row or index require it in range.
class Snapshot {
 public:
  // kSnapshotMissing: no such file. kSnapshotDamaged: not a snapshot, truncated, or not of this digest.
  // kFieldInvalid is never returned. A newer format version gives kSchemaTooNew.
  // The file is copied to memory as it is read when `budget` has room for it, and mapped otherwise.
  static absl::StatusOr<std::unique_ptr<Snapshot>> Open(const std::string& path, std::string_view digest,
                                                        const std::shared_ptr<ResidentBudget>& budget = nullptr);
  ~Snapshot();

  const std::string& digest() const;
  int64_t post_count() const;
  int64_t tag_count() const;
  int64_t tag_use_count() const;
  int64_t file_size_bytes() const;
  // Whether a reader or Verify has met damage: whoever caches the snapshot should open the file anew.
  bool damage_found() const;
  absl::StatusOr<Stats> GetStats() const;

  // Posts.
  absl::Status ReadPostIds(absl::Span<const int64_t> rows, absl::Span<int64_t> post_ids) const;
  absl::StatusOr<std::optional<int64_t>> FindRow(int64_t post_id) const;
  absl::StatusOr<std::optional<int64_t>> FindRowByMd5(const Md5& md5) const;  // smallest row with it
  // The first row whose post id is at least `post_id`; post_count() when there is none.
  absl::StatusOr<int64_t> LowerBoundRow(int64_t post_id) const;
  // For rows at random places of a large file: asks the processor for a row's cache lines some rows ahead of
  // ReadFields, and, a few rows later, for its lists' and texts'.
  void PrefetchFields(int64_t row) const;
  void PrefetchLists(int64_t row) const;
  // Fills everything of `post` but tag_ids (left empty).
  absl::Status ReadFields(int64_t row, Post* post) const;
  // Tag indexes of the row, ascending; a slice of the mapped file.
  absl::StatusOr<absl::Span<const uint32_t>> TagIndexes(int64_t row) const;

  // Columns of the rows from first_row on, for passes over many posts: slices of the mapped file, every block of them
  // compared. Require the rows in range.
  absl::StatusOr<absl::Span<const int64_t>> PostIds(int64_t first_row, int64_t row_count) const;
  // Numbers of Rating; empty when all of them are kUnspecified.
  absl::StatusOr<absl::Span<const uint8_t>> Ratings(int64_t first_row, int64_t row_count) const;
  absl::StatusOr<OptionalSlice<int32_t>> Scores(int64_t first_row, int64_t row_count) const;
  absl::StatusOr<OptionalSlice<int32_t>> Widths(int64_t first_row, int64_t row_count) const;   // px
  absl::StatusOr<OptionalSlice<int32_t>> Heights(int64_t first_row, int64_t row_count) const;  // px
  absl::StatusOr<OptionalSlice<int64_t>> ParentIds(int64_t first_row, int64_t row_count) const;
  // Tag indexes, ascending within a row.
  absl::StatusOr<ListSlice<uint32_t>> TagLists(int64_t first_row, int64_t row_count) const;
  // Pool ids, in the source's order within a row.
  absl::StatusOr<ListSlice<int64_t>> PoolLists(int64_t first_row, int64_t row_count) const;

  // Tags.
  absl::StatusOr<TagView> TagAt(uint32_t tag_index) const;
  // tags[i] = id, name and category of tag_indexes[i], faster than one by one; the rest is left as it is. Requires
  // spans of one size.
  absl::Status ReadTagIdentities(absl::Span<const uint32_t> tag_indexes, absl::Span<TagView> tags) const;
  absl::StatusOr<std::optional<Tag>> FindTag(int64_t tag_id) const;
  // Tags of that exact name, most posts first, then smallest id; at most `limit`.
  absl::StatusOr<std::vector<Tag>> FindTagsByName(std::string_view name, int64_t limit) const;
  absl::StatusOr<TagPage> ListTags(const TagQuery& query) const;
  // Tag indexes of the tags of that exact name, ascending.
  absl::StatusOr<std::vector<uint32_t>> FindTagIndexesByName(std::string_view name) const;
  // Whole columns, by tag index: slices of the mapped file.
  absl::StatusOr<absl::Span<const int64_t>> TagIds() const;
  absl::StatusOr<absl::Span<const uint8_t>> TagCategories() const;  // numbers of TagCategory
  absl::StatusOr<absl::Span<const int64_t>> TagPostCounts() const;

  // Aliases and implications, active ones, by antecedent and consequent: how many there are, and one of them. Requires
  // number in [0, the count).
  int64_t relation_count(TagRelationKind kind) const;
  absl::StatusOr<TagRelationView> RelationAt(TagRelationKind kind, int64_t number) const;
  // What they make of the tags. Computed at the first call, which takes a while; lives as long as the snapshot.
  absl::StatusOr<const TagRelations*> relations() const;

  // Which rows have a tag. The first call opens the file beside the snapshot's, or makes it when it is missing or
  // damaged, which takes seconds for millions of posts; others get kServerBusy meanwhile: TagLists says the same,
  // more slowly. kDiskFull or kIoError when it cannot be written, which is tried again a minute later at the earliest.
  // kCancelled as BuildPostings; kSnapshotDamaged.
  absl::StatusOr<std::shared_ptr<const Postings>> GetPostings(const std::function<bool()>& cancelled = {}) const;
  // The same if the file is there, and null otherwise: for who asks about little.
  std::shared_ptr<const Postings> FindPostings() const;

  // For RowGather, which copies columns at rows anywhere, and for passes over columns that have no method here.
  const snapshot_file::PostColumns& columns() const;
  const snapshot_file::FieldRuns& field_runs() const;
  // For searches through all names.
  const snapshot_file::TagTable& tag_table() const;

  // Reads every byte. Stops early, with kCancelled, when `cancelled` (may be null) returns true.
  absl::StatusOr<VerifyReport> Verify(bool (*cancelled)(void*) = nullptr, void* context = nullptr) const;

 private:
  class Impl;
  explicit Snapshot(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
