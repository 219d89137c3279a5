// The counts that a snapshot carries, so that asking for them does not scan the posts.
#pragma once

#include "absl/status/statusor.h"
#include "core/model/stats.h"
#include "core/snapshot/column.h"

namespace millrace::snapshot_file {

// Borrows the file; thread-safe as the file is.
class StatsSections {
 public:
  // kSnapshotDamaged when the file's sections do not fit together.
  static absl::StatusOr<StatsSections> Open(CheckedFile& file);

  // The counts by rating, category and file type; the caller knows the others.
  absl::StatusOr<Stats> Read() const;

 private:
  StatsSections() = default;

  Column<int64_t> rating_posts_;
  Column<int64_t> category_tags_;
  Column<int64_t> category_tag_uses_;
  Column<int64_t> file_ext_posts_;  // by code of dictionary.file_ext; 0: posts without
  TextColumn file_ext_names_;
};

}  // namespace millrace::snapshot_file
