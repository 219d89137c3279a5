// Posts of a snapshot in Protobuf's wire format, without a message in between: a post has thirty tags, and a message
// for each costs ten times what the bytes do.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/batch/post_field.h"
#include "core/model/location.h"
#include "core/model/post.h"
#include "core/snapshot/applied_tags.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/snapshot.h"
#include "millrace/v1/post.pb.h"
#include "server/rpc/slice_writer.h"

namespace millrace {

// Not thread-safe; borrows all of them. Its memory is used again from post to post.
class PostEncoder {
 public:
  // `relations` say which tags posts have; null: those that they said.
  PostEncoder(const Snapshot& snapshot, const LocationTemplate& location, PostFieldSet fields = PostFieldSet::All(),
              const TagRelations* relations = nullptr);

  // Appends the post as field `field_number` of the message that is being written. It parses to the very message that
  // SnapshotPostReader gives, without the fields that are not asked for and with the tags that relations make. Requires
  // a row of the snapshot. kSnapshotDamaged.
  absl::Status Append(int field_number, int64_t row, SliceWriter* writer);
  // As Snapshot::PrefetchFields and PrefetchLists, of what Append will read. Require a row of the snapshot.
  void PrefetchFields(int64_t row) const { columns_.PrefetchFields(static_cast<uint64_t>(row), parts_); }
  void PrefetchLists(int64_t row) const { columns_.PrefetchLists(static_cast<uint64_t>(row), parts_); }

 private:
  const Snapshot& snapshot_;
  const snapshot_file::PostColumns& columns_;
  const LocationTemplate& location_;
  const PostFieldSet fields_;
  const snapshot_file::PostParts parts_;
  // What a post's message may hold and was not asked for. Looked up once: by name it takes longer than a post.
  std::vector<const google::protobuf::FieldDescriptor*> unwanted_;
  AppliedTags applied_tags_;
  Post post_;
  v1::Post message_;  // everything but the tags
  std::vector<TagView> tags_;
  std::vector<uint32_t> tag_sizes_bytes_;  // of tags_, serialised
};

}  // namespace millrace
