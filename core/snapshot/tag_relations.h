// What a snapshot's aliases and implications make of its tags: docs/tags.md says what it means to apply them.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "core/base/mutex.h"
#include "core/model/tag_reading.h"

namespace millrace {

class Snapshot;
namespace snapshot_file {
class RelationColumns;
}

// Thread-safe: immutable but for what is computed once. Made once a snapshot (Snapshot::relations), in about a second
// for 100,000 relations; takes 8 bytes a tag, what is implied, and some 200 bytes a name that relations speak of. Views
// lie in the mapped file and live as long as the snapshot.
class TagRelations {
 public:
  // All tags together stand for no more than this many others, and one for no more than this.
  static constexpr uint64_t kImpliedTotalMax = uint64_t{1} << 26;
  static constexpr size_t kImpliedMax = size_t{1} << 12;

  // kSnapshotDamaged.
  static absl::StatusOr<std::unique_ptr<TagRelations>> Create(const Snapshot& snapshot,
                                                              const snapshot_file::RelationColumns& columns);

  // Whether AppliedTo, Apply and PostCounts may be asked: kSnapshotDamaged when tags stand for more others than the
  // limits say, which takes aliases that join what imports let through one by one.
  const absl::Status& applied_status() const { return applied_status_; }

  // Whether there are no relations: then a tag stands for itself alone.
  bool empty() const { return nodes_.empty(); }

  // Visits every name that they speak of once, in the same order each time.
  void ForEachName(absl::FunctionRef<void(std::string_view)> visit) const;
  // The name that `name` is an alias of; itself when it is none.
  std::string_view ResolveAlias(std::string_view name) const;

  // The tags that a post has by having this one, ascending: itself (or what it is an alias of, when the snapshot has a
  // tag of that name), and all that this implies. Tags that no post carries have no number and are left out.
  absl::Span<const uint32_t> AppliedTo(uint32_t tag_index) const;
  // Whether that is the tag itself and no other.
  bool StandsForItself(uint32_t tag_index) const {
    return empty() || (stands_for_others_[tag_index / 64] >> (tag_index % 64) & 1) == 0;
  }
  // Those of a post: the union over its tags, ascending, each once. Replaces the content of `applied`. Requires
  // ascending tag indexes.
  void Apply(absl::Span<const uint32_t> tag_indexes, std::vector<uint32_t>* applied) const;
  // Of how many posts each tag is when relations are applied, by tag index; 0 where posts have another tag instead. The
  // first call looks at the tags of every post, and others wait for it. kSnapshotDamaged; kCancelled when `cancelled`
  // returns true, which is asked now and then: who waits for a call that was cancelled counts instead.
  absl::StatusOr<absl::Span<const int64_t>> PostCounts(const std::function<bool()>& cancelled = {}) const;

  // The tags by which a post has the tag of that name, ascending: those that are called so, or by what it is an alias
  // of, or by another alias of that; with kApplied also all that imply it. `own` are the snapshot's tags of that exact
  // name (Snapshot::FindTagIndexesByName).
  std::vector<uint32_t> TagsMeaning(std::string_view name, absl::Span<const uint32_t> own, TagReading reading) const;
  // The same for all names for which `matches` is true, of tags and of those that relations speak of. `own` are the
  // snapshot's tags of such names.
  std::vector<uint32_t> TagsMeaningAny(absl::FunctionRef<bool(std::string_view)> matches,
                                       absl::Span<const uint32_t> own, TagReading reading) const;

 private:
  static constexpr uint32_t kNone = UINT32_MAX;
  // A name that relations speak of.
  struct Node {
    std::string_view name;
    uint32_t alias_of = kNone;
    std::vector<uint32_t> implies;     // nodes, aliases resolved
    std::vector<uint32_t> implied_by;  // nodes that imply it or an alias of it
    std::vector<uint32_t> aliases;     // nodes that are an alias of it
    std::vector<uint32_t> tags;        // the snapshot's of that name, ascending
  };

  explicit TagRelations(const Snapshot& snapshot) : snapshot_(snapshot) {}
  uint32_t NodeOf(std::string_view name);
  uint32_t FindNode(std::string_view name) const;  // kNone: relations do not speak of it
  uint32_t RootOf(uint32_t node) const { return nodes_[node].alias_of == kNone ? node : nodes_[node].alias_of; }
  absl::Status ReadPairs(const snapshot_file::RelationColumns& columns);
  absl::Status FindTags();
  absl::Status ComputeApplied();
  absl::Status TooManyError(std::string_view what, uint64_t limit) const;
  // Appends the tags that TagsMeaning finds by the nodes, in any order and some of them twice.
  void AppendTagsOf(absl::Span<const uint32_t> nodes, TagReading reading, std::vector<uint32_t>* tags) const;
  absl::StatusOr<std::vector<int64_t>> CountPosts(const std::function<bool()>& cancelled) const;

  const Snapshot& snapshot_;  // which owns this
  absl::flat_hash_map<absl::string_view, uint32_t> node_by_name_;
  std::vector<Node> nodes_;
  absl::Status applied_status_;
  // By tag index: AppliedTo. Empty when there are no relations.
  std::vector<uint32_t> applied_begins_;  // one more than there are tags
  std::vector<uint32_t> applied_;
  std::vector<uint64_t> stands_for_others_;  // a bit a tag
  mutable Mutex post_counts_mutex_;
  mutable CondVar counted_;  // is_counting_ has become false
  mutable bool is_counting_ ABSL_GUARDED_BY(post_counts_mutex_) = false;
  mutable std::vector<int64_t> post_counts_ ABSL_GUARDED_BY(post_counts_mutex_);  // empty until they are asked for
};

}  // namespace millrace
