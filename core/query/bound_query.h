// A query that knows a snapshot: its tags are looked up.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/query/query.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

struct BoundTerm {
  QueryTerm::Field field = QueryTerm::Field::kTag;
  bool is_negated = false;
  uint32_t rating_mask = 0;
  int64_t first = 0;
  int64_t last = 0;
  std::vector<uint32_t> tag_indexes;  // kTag: those of the name; a post needs one of them
};

// Of use with the snapshot it was bound to only. Immutable, so thread-safe.
class BoundQuery {
 public:
  // kQueryInvalid for a tag that the snapshot lacks, naming tags that are spelled alike; kSnapshotDamaged.
  static absl::StatusOr<BoundQuery> Bind(const Query& query, const Snapshot& snapshot);

  // Those that need no lists of tags, and those that do.
  const std::vector<BoundTerm>& number_terms() const { return number_terms_; }
  const std::vector<BoundTerm>& tag_terms() const { return tag_terms_; }

 private:
  std::vector<BoundTerm> number_terms_;
  std::vector<BoundTerm> tag_terms_;
};

}  // namespace millrace
