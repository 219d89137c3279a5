// The tags that posts have by a reading: as their source said, or with aliases and implications applied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/tag_reading.h"
#include "core/snapshot/snapshot.h"
#include "core/snapshot/tag_relations.h"

namespace millrace {

// What to read the snapshot's posts by: null when a post's tags are those that it said. Lives as long as the snapshot.
// The first call for a snapshot that holds relations computes what they make of its tags. kSnapshotDamaged.
absl::StatusOr<const TagRelations*> RelationsFor(const Snapshot& snapshot, TagReading reading);

// Of how many posts each tag is by that reading, by tag index; lives as long as the snapshot. With relations the first
// call looks at the tags of every post, which takes some seconds for millions. kSnapshotDamaged; kCancelled when
// `cancelled` returns true.
absl::StatusOr<absl::Span<const int64_t>> TagPostCountsFor(const Snapshot& snapshot, TagReading reading,
                                                           const std::function<bool()>& cancelled = {});

// Not thread-safe; borrows the relations, which may be null. Its memory is used again from post to post.
class AppliedTags {
 public:
  explicit AppliedTags(const TagRelations* relations) : relations_(relations) {}

  // The tags of a post that said these, ascending: the very span when they are the same, or else one that lives until
  // the next call. Requires ascending tag indexes of the snapshot.
  absl::Span<const uint32_t> Of(absl::Span<const uint32_t> said);
  // The same for each list, in its place; all of them live until the next call. False, and lists as they were, when
  // those that differ would have more than `tag_count_max` tags together.
  bool Replace(absl::Span<absl::Span<const uint32_t>> lists, size_t tag_count_max);

 private:
  bool Keeps(absl::Span<const uint32_t> said) const;

  // A list of Replace that lies in lists_, as that may move while it grows.
  struct Replaced {
    size_t number = 0;
    size_t begin = 0;
    size_t size = 0;
  };

  const TagRelations* relations_;
  std::vector<uint32_t> applied_;
  std::vector<uint32_t> lists_;
  std::vector<Replaced> replaced_;
};

}  // namespace millrace
