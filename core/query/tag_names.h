// Which tags of a snapshot somebody means by a name: the one place where names become tags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "core/model/tag_reading.h"
#include "core/query/cancel.h"
#include "core/query/glob.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Borrows the snapshot. Immutable, so thread-safe.
class TagNames {
 public:
  // `cancelled` is borrowed, too, and ends what looks at every name, with kCancelled.
  TagNames(const Snapshot& snapshot, TagReading reading, const Cancelled& cancelled)
      : snapshot_(snapshot), reading_(reading), cancelled_(cancelled) {}

  // Whether a post carries a tag of that exact name. kSnapshotDamaged.
  absl::StatusOr<bool> IsCarried(std::string_view name) const;
  // The name that this one is an alias of; empty when it is none. kSnapshotDamaged.
  absl::StatusOr<std::string> AliasOf(std::string_view name) const;
  // Tag indexes of the tags that are meant, ascending: those of that exact name, of what it is an alias of, and of
  // other aliases of that; with kApplied also of all that imply it. Empty when there are none. kSnapshotDamaged.
  absl::StatusOr<std::vector<uint32_t>> Find(std::string_view name) const;
  // Of all names that match, of tags and of those that aliases and implications speak of, however many.
  absl::StatusOr<std::vector<uint32_t>> FindAll(const Glob& pattern) const;
  // Names that may have been meant by one that no tag has, at most three: the nearest, and of those equally near the
  // most used; otherwise the most used that hold it, or else begin as it does. Of tags, and of what aliases and
  // implications speak of as far as these names mean a tag, if they are near. Looks at every name, so it is for errors.
  absl::StatusOr<std::vector<std::string>> Suggest(std::string_view name) const;
  // The same for a pattern that no name matches, by its longest part alone: nearest to that are names, or their
  // beginnings and ends where the pattern begins or ends with it. None when none is near.
  absl::StatusOr<std::vector<std::string>> SuggestFor(const Glob& pattern) const;

 private:
  // Of the tags whose names match, ascending.
  absl::StatusOr<std::vector<uint32_t>> FindCarried(const Glob& pattern) const;
  // Slips between what was written and a name; one more than `limit` when they are more.
  using Distance = absl::FunctionRef<size_t(std::string_view name, size_t limit)>;
  // By slips from a text of `size_bytes`.
  absl::StatusOr<std::vector<std::string>> SuggestByDistance(size_t size_bytes, Distance distance) const;
  // How many posts say a tag that the name means; 0 when it means none.
  absl::StatusOr<int64_t> UseCountOf(std::string_view name) const;
  absl::StatusOr<std::vector<std::string>> SuggestHolding(std::string_view name) const;
  absl::StatusOr<std::vector<std::string>> SuggestByBeginning(std::string_view name) const;

  const Snapshot& snapshot_;
  const TagReading reading_;
  const Cancelled& cancelled_;
};

}  // namespace millrace
