// A vocabulary from the tags of a snapshot.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/model/post.h"
#include "core/model/tag_reading.h"
#include "core/snapshot/snapshot.h"
#include "core/vocabulary/vocabulary.h"

namespace millrace {

// Which tags become labels: those that pass every condition.
struct TagSelection {
  int64_t top = 0;  // only the first so many; 0: all
  int64_t min_post_count = 0;
  std::vector<TagCategory> categories;  // empty: all
  // Only tags of these names; empty: all. A name that no post said is that of the alias class it is in; with kApplied
  // every name is.
  std::vector<std::string> include;
  std::vector<std::string> exclude;  // no tags of these names, likewise
  TagReading tags = TagReading::kAsSaid;
};

// The labels by number of posts that have them by the reading, descending, then by tag id. Tags that share name and
// category (some sources have such) are one label, with id and count of the one that comes first. kFieldInvalid when a
// number is negative; kVocabularyInvalid when an included name is not in the snapshot, no tag is left, or too many;
// kSnapshotDamaged; kCancelled when `cancelled` returns true, which is asked while posts are counted.
absl::StatusOr<Vocabulary> SelectTags(const Snapshot& snapshot, const TagSelection& selection,
                                      const std::function<bool()>& cancelled = {});

}  // namespace millrace
