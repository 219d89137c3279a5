// Writes a snapshot file (docs/snapshot-format.md). Memory is bounded by the tags and by fixed buffers, and by
// 32 bytes a post while the md5 index is sorted.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/post.h"
#include "core/model/tag_relation.h"

namespace millrace {

struct WrittenSnapshot {
  std::string digest;
  std::string path;  // FOLDER/DIGEST.snapshot
  int64_t post_count = 0;
  int64_t tag_count = 0;
  int64_t tag_use_count = 0;
  int64_t file_size_bytes = 0;
};

// Not thread-safe. Works in files of its own in `folder`, which are removed on destruction; the snapshot
// appears by rename, whole and durable, or not at all.
class SnapshotWriter {
 public:
  // `tags`: every tag that the posts will use, ascending by id. Their post_count is counted anew.
  static absl::StatusOr<std::unique_ptr<SnapshotWriter>> Create(const std::string& folder, std::vector<Tag> tags);
  ~SnapshotWriter();

  // What else is known of tags, before Finish. Names of deprecated tags that no post carries are passed over.
  void SetFacts(DatasetFacts facts);

  // Requires ascending ids and tags from the table.
  absl::Status Add(const Post& post);

  // Completes the file. The same posts and tags give the same digest and bytes on any machine.
  // kInternal when a tag of the table was never used.
  absl::StatusOr<WrittenSnapshot> Finish();

 private:
  class Impl;
  explicit SnapshotWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace millrace
