// The rarest tag of a post, and the weight that follows from it (docs/plan-specification.md, 5.4 and 6.4).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/post.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Finds the rarest tag of a category, or of all. Borrows the snapshot. Immutable, so thread-safe.
class RarestTagFinder {
 public:
  // kSnapshotDamaged, also when a tag's number of posts is impossible.
  static absl::StatusOr<RarestTagFinder> Open(const Snapshot& snapshot, std::optional<TagCategory> category);

  // The index of the tag with the fewest posts, among equal ones the smallest; nothing when none of them counts.
  // Requires ascending tag indexes of the snapshot.
  std::optional<uint32_t> Find(absl::Span<const uint32_t> tag_indexes) const;

  // Posts that have the tag, 1 to the snapshot's number of posts.
  int64_t post_count(uint32_t tag_index) const { return post_counts_[tag_index]; }

 private:
  RarestTagFinder() = default;

  absl::Span<const int64_t> post_counts_;
  absl::Span<const uint8_t> categories_;
  std::optional<TagCategory> category_;
};

// The weight of a post whose rarest tag is on `tag_post_count` of `post_count` posts. Requires 1 <= tag_post_count <=
// post_count < 2^32, cap from 1 to 2^20 and power_quarters from 1 to 4.
int64_t TagFrequencyWeight(int64_t post_count, int64_t tag_post_count, int64_t cap, int64_t power_quarters);

}  // namespace millrace
