// Which label each tag of a snapshot has (docs/decisions/0023-labels-by-tag.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/tag_reading.h"
#include "core/snapshot/snapshot.h"
#include "core/vocabulary/vocabulary.h"

namespace millrace {

// Of one snapshot and one vocabulary. Owns all it needs. Immutable, so thread-safe.
class LabelIndex {
 public:
  static constexpr int32_t kNoLabel = -1;

  // Tags match by name and category, as ids differ from source to source: a tag has the label of the entry with its
  // name and category, otherwise that of the entry with its name and no category, otherwise none. A label whose tags
  // the snapshot lacks is fine. With kApplied, posts no longer have the tag of an alias but the one it stands for: a
  // label also belongs to the other tags of its name's alias class that have none by themselves, to those of its
  // category where there are some; of several such labels to the first. Milliseconds. kSnapshotDamaged.
  static absl::StatusOr<LabelIndex> Create(const Snapshot& snapshot, const Vocabulary& vocabulary,
                                           TagReading reading = TagReading::kAsSaid);

  // Labels are numbered from 0 to this, exclusive.
  int64_t label_count() const { return label_count_; }
  // By tag index of the snapshot: the tag's label, or kNoLabel. Several tags may share one.
  absl::Span<const int32_t> labels() const { return labels_; }
  // Whether several tags of the snapshot have the same label: a post may then have one by two tags.
  bool shares_labels() const { return shares_labels_; }
  const std::string& vocabulary_digest() const { return vocabulary_digest_; }
  TagReading reading() const { return reading_; }
  size_t memory_bytes() const;

 private:
  LabelIndex(std::vector<int32_t> labels, const Vocabulary& vocabulary, TagReading reading);

  std::vector<int32_t> labels_;
  int64_t label_count_;
  bool shares_labels_ = false;
  std::string vocabulary_digest_;
  TagReading reading_;
};

}  // namespace millrace
