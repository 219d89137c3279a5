// The columns of the posts while a snapshot is written: the counterpart of PostColumns.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/model/post.h"
#include "core/snapshot/dictionary.h"
#include "core/snapshot/spool.h"

namespace millrace::snapshot_file {

// Everything of the posts but the tags themselves. Not thread-safe.
class PostSpools {
 public:
  // The spools' files go to `folder`.
  explicit PostSpools(const std::string& folder);

  // Adds a post; `row` counts the calls so far.
  absl::Status Add(uint64_t row, const Post& post);
  // Writes the sections. Holds the md5 sums of all posts in memory meanwhile, 24 bytes each.
  absl::Status CopyTo(SectionFile* file);

 private:
  absl::Status AddNumbers(uint64_t row, const Post& post);
  absl::Status AddMd5(uint64_t row, const Post& post);
  absl::Status AddPools(uint64_t row, const Post& post);
  absl::Status CopyNumbers(SectionFile* file);
  absl::Status CopyTexts(SectionFile* file);
  absl::Status CopyLists(SectionFile* file);
  absl::Status CopyMd5Index(SectionFile* file);
  absl::Status CopyStats(SectionFile* file);

  const std::string folder_;
  ColumnSpool<int64_t> id_;
  ColumnSpool<uint32_t> presence_;
  ColumnSpool<Md5> md5_;
  ColumnSpool<uint8_t> rating_;
  ColumnSpool<int32_t> width_px_;
  ColumnSpool<int32_t> height_px_;
  ColumnSpool<int64_t> file_size_bytes_;
  ColumnSpool<int64_t> pixiv_id_;
  ColumnSpool<int64_t> parent_id_;
  ColumnSpool<int64_t> uploader_id_;
  ColumnSpool<int64_t> approver_id_;
  ColumnSpool<int32_t> score_;
  ColumnSpool<int32_t> up_score_;
  ColumnSpool<int32_t> down_score_;
  ColumnSpool<int64_t> created_at_us_;
  ColumnSpool<int64_t> updated_at_us_;
  ColumnSpool<int64_t> last_commented_at_us_;
  ColumnSpool<int64_t> last_noted_at_us_;
  ColumnSpool<uint32_t> more_presence_;
  ColumnSpool<int32_t> favorite_count_;
  ColumnSpool<int64_t> duration_us_;
  ColumnSpool<uint32_t> flags_;
  ColumnSpool<uint32_t> file_ext_;
  TextSpool source_;
  TextSpool extra_json_;
  OffsetsSpool tag_offsets_;
  ListSpool<int64_t> pools_;
  ColumnSpool<uint32_t> pool_kinds_;
  ListSpool<int64_t> favorites_;
  Spool md5_index_;
  Dictionary file_ext_words_;
  Dictionary pool_kind_words_;
  uint64_t pool_count_ = 0;
  std::array<int64_t, kRatingSlots> rating_posts_{};
  std::vector<int64_t> file_ext_posts_;  // by code
  std::vector<int64_t> pool_ids_;        // of one post
};

}  // namespace millrace::snapshot_file
