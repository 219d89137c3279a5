// Posts of a snapshot in Protobuf's wire format, without a message in between: a post has thirty tags, and a message
// for each costs ten times what the bytes do.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "core/model/location.h"
#include "core/model/post.h"
#include "core/snapshot/snapshot.h"
#include "millrace/v1/post.pb.h"

namespace millrace {

// Not thread-safe; borrows both. Its memory is used again from post to post.
class PostEncoder {
 public:
  PostEncoder(const Snapshot& snapshot, const LocationTemplate& location) : snapshot_(snapshot), location_(location) {}

  // Appends the post as field `field_number` of the message that `bytes` belong to. It parses to the very message that
  // SnapshotPostReader gives. Requires a row of the snapshot. kSnapshotDamaged.
  absl::Status Append(int field_number, int64_t row, std::string* bytes);

 private:
  struct SizedTag {
    TagView tag;
    uint32_t size_bytes;
  };

  const Snapshot& snapshot_;
  const LocationTemplate& location_;
  Post post_;
  v1::Post message_;  // everything but the tags
  std::vector<SizedTag> tags_;
};

}  // namespace millrace
