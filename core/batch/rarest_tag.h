// The rarest tag of a post, and the weight that follows from it (docs/plan-specification.md, 5.4 and 6.4).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/post.h"
#include "core/model/tag_reading.h"
#include "core/query/cancel.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Finds the rarest tag of a category, or of all. Holds 4 bytes a tag of the snapshot. Immutable, so thread-safe.
class RarestTagFinder {
 public:
  // kSnapshotDamaged, also when a tag's number of posts is impossible; kCancelled when `cancelled` returns true.
  static absl::StatusOr<RarestTagFinder> Open(const Snapshot& snapshot, TagReading reading,
                                              std::optional<TagCategory> category, const Cancelled& cancelled = {});

  // The index of the tag with the fewest posts, among equal ones the smallest; nothing when none of them counts.
  // Requires ascending tag indexes of the snapshot, which a post has by the reading.
  std::optional<uint32_t> Find(absl::Span<const uint32_t> tag_indexes) const;

  // Posts that have the tag, 1 to the snapshot's number of posts. Requires a tag that Find has given.
  int64_t post_count(uint32_t tag_index) const { return int64_t{rarities_[tag_index]} + 1; }

 private:
  RarestTagFinder() = default;

  // By tag index: how many other posts have the tag, or kNotCounted. A quarter of what the snapshot's columns would
  // take of the cache, which is what a pass over all lists of tags waits for.
  std::vector<uint32_t> rarities_;
};

// The weight of a post whose rarest tag is on `tag_post_count` of `post_count` posts. Requires 1 <= tag_post_count <=
// post_count < 2^32, cap from 1 to 2^20 and power_quarters from 1 to 4.
int64_t TagFrequencyWeight(int64_t post_count, int64_t tag_post_count, int64_t cap, int64_t power_quarters);

}  // namespace millrace
