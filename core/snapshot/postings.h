// Which rows have a tag: the file DIGEST.postings beside a snapshot. It is derived from the snapshot, so its absence or
// damage costs time only (docs/snapshot-format.md, docs/decisions/0026-postings-beside-the-snapshot.md).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/snapshot/column.h"
#include "core/snapshot/format.h"
#include "core/snapshot/row_bits.h"
#include "core/snapshot/row_set.h"

namespace millrace {

// Immutable, so thread-safe. The mapped file is compared with its checksums block by block, as the snapshot's is.
class Postings {
 public:
  // Tags on so many posts or fewer have a list of rows, others a compressed bitmap.
  static constexpr int64_t kListRowsMax = 256;

  // kSnapshotMissing when there is no such file, kSnapshotDamaged when it does not belong to the snapshot.
  static absl::StatusOr<std::shared_ptr<const Postings>> Open(const std::string& path,
                                                              const std::string& snapshot_digest, int64_t post_count,
                                                              int64_t tag_count);

  // Puts the rows of a tag into `rows`. Requires tag_index < tag_count.
  absl::StatusOr<RowSet> RowsOf(uint32_t tag_index) const;
  // The same of a tag that has a list; empty for one that has a bitmap. Ascending; a slice of the mapped file.
  absl::StatusOr<absl::Span<const uint32_t>> ListOf(uint32_t tag_index) const;
  // Adds the rows of a tag to `rows`, which must be of as many rows as the snapshot. What it holds after an error means
  // nothing. Requires tag_index < tag_count.
  absl::Status AddRowsOf(uint32_t tag_index, RowBits* rows) const;
  // Rows of the posts that are the parent of another post of the snapshot.
  absl::StatusOr<RowSet> Parents() const;
  // Whether a reader has met damage: the file should be made anew.
  bool damage_found() const { return file_->damage_found(); }
  // Of all posts; absent when none has one.
  std::optional<int64_t> newest_created_at_us() const { return newest_created_at_us_; }

 private:
  explicit Postings(std::unique_ptr<snapshot_file::CheckedFile> file) : file_(std::move(file)) {}
  absl::Status Bind(int64_t tag_count);
  // A section whose name was damaged would be none: the directory has no checksum, as no digest names the file.
  absl::Status CheckSections(snapshot_file::ColumnBinder* binder) const;
  absl::StatusOr<RowSet> ParseBitmap(absl::Span<const uint8_t> bytes) const;

  const std::unique_ptr<snapshot_file::CheckedFile> file_;
  snapshot_file::ListColumn<uint32_t> lists_;
  snapshot_file::ListColumn<uint8_t> bitmaps_;
  snapshot_file::Column<uint8_t> parents_;
  std::optional<int64_t> newest_created_at_us_;
};

namespace snapshot_file {

// The postings' path for the snapshot's.
std::string PostingsPath(const std::string& snapshot_path);

// The section that says which others there are.
inline constexpr char kPostingsSections[] = "postings.sections";
// What it holds: the names of `sections` but itself, with a line feed behind each.
std::string SectionNames(absl::Span<const Section> sections);

}  // namespace snapshot_file
}  // namespace millrace
