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
#include "core/snapshot/snapshot.h"
#include "millrace/v1/post.pb.h"
#include "server/rpc/slice_writer.h"

namespace millrace {

// Not thread-safe; borrows all of them. Its memory is used again from post to post.
class PostEncoder {
 public:
  // `relations` say which tags posts have; null: those that they said.
  PostEncoder(const Snapshot& snapshot, const LocationTemplate& location, PostFieldSet fields = PostFieldSet::All(),
              const TagRelations* relations = nullptr)
      : snapshot_(snapshot),
        location_(location),
        fields_(fields),
        has_all_(fields == PostFieldSet::All()),
        applied_tags_(relations) {}

  // Appends the post as field `field_number` of the message that is being written. It parses to the very message that
  // SnapshotPostReader gives, without the fields that are not asked for and with the tags that relations make. Requires
  // a row of the snapshot. kSnapshotDamaged.
  absl::Status Append(int field_number, int64_t row, SliceWriter* writer);

 private:
  const Snapshot& snapshot_;
  const LocationTemplate& location_;
  PostFieldSet fields_;
  bool has_all_;
  AppliedTags applied_tags_;
  Post post_;
  v1::Post message_;  // everything but the tags
  std::vector<TagView> tags_;
  std::vector<uint32_t> tag_sizes_bytes_;  // of tags_, serialised
};

}  // namespace millrace
