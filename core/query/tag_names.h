// Which tags of a snapshot somebody means by a name: the one place where names become tags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/query/cancel.h"
#include "core/query/glob.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Borrows the snapshot. Immutable, so thread-safe.
class TagNames {
 public:
  // `cancelled` is borrowed, too, and ends what looks at every name, with kCancelled.
  TagNames(const Snapshot& snapshot, const Cancelled& cancelled) : snapshot_(snapshot), cancelled_(cancelled) {}

  // Tag indexes of the tags that are meant, ascending: those of that exact name. Empty when there are none.
  // kSnapshotDamaged.
  absl::StatusOr<std::vector<uint32_t>> Find(std::string_view name) const;
  // Of all tags whose names match, however many.
  absl::StatusOr<std::vector<uint32_t>> FindAll(const Glob& pattern) const;
  // Names that may have been meant by one that no tag has, at most three: the nearest, and of those equally near the
  // most used; otherwise those that begin as it does. Looks at every name, so it is for errors.
  absl::StatusOr<std::vector<std::string>> Suggest(std::string_view name) const;

 private:
  absl::StatusOr<std::vector<std::string>> SuggestByDistance(std::string_view name) const;
  absl::StatusOr<std::vector<std::string>> SuggestByBeginning(std::string_view name) const;

  const Snapshot& snapshot_;
  const Cancelled& cancelled_;
};

}  // namespace millrace
