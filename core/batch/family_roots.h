// Which family a post belongs to: its root by parent_id (docs/plan-specification.md, "Units").
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Remembers the roots it has found: all posts of a snapshot take a number of steps in proportion to it, however long
// the chains are. Borrows the snapshot. Not thread-safe.
class FamilyRoots {
 public:
  static absl::StatusOr<FamilyRoots> Open(const Snapshot& snapshot);

  // The root's id: a post's, or one that no post of the snapshot has. Requires a row in range.
  int64_t RootOf(uint32_t row);

 private:
  FamilyRoots(absl::Span<const int64_t> post_ids, OptionalSlice<int64_t> parent_ids)
      : post_ids_(post_ids), parent_ids_(parent_ids) {}
  std::optional<uint32_t> FindRow(int64_t post_id) const;

  absl::Span<const int64_t> post_ids_;
  OptionalSlice<int64_t> parent_ids_;
  // By row, of posts that have a parent: the others are their own roots. Nothing while the chain is being followed.
  absl::flat_hash_map<uint32_t, std::optional<int64_t>> roots_;
  std::vector<uint32_t> chain_;
};

}  // namespace millrace
