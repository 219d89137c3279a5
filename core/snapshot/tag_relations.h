// What a snapshot's aliases and implications make of its tags: docs/tags.md says what it means to apply them.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"

namespace millrace {

class Snapshot;
namespace snapshot_file {
class RelationColumns;
}

// Immutable, so thread-safe. Made once a snapshot (Snapshot::relations), in about a second for 100,000 relations; takes
// 8 bytes a tag and what is implied. Views lie in the mapped file and live as long as the snapshot.
class TagRelations {
 public:
  // All tags together stand for no more than this many others.
  static constexpr uint64_t kImpliedTotalMax = uint64_t{1} << 26;

  // kSnapshotDamaged also when the relations lead to more than kImpliedTotalMax tags, which no import lets through.
  static absl::StatusOr<std::unique_ptr<TagRelations>> Create(const Snapshot& snapshot,
                                                              const snapshot_file::RelationColumns& columns);

  // Whether there are no relations: then a tag stands for itself alone.
  bool empty() const { return nodes_.empty(); }

  // The name that `name` is an alias of; itself when it is none.
  std::string_view ResolveAlias(std::string_view name) const;

  // The tags that a post has by having this one, ascending: itself (or what it is an alias of, when the snapshot has a
  // tag of that name), and all that this implies. Tags that no post carries have no number and are left out.
  absl::Span<const uint32_t> AppliedTo(uint32_t tag_index) const;
  // Those of a post: the union over its tags, ascending, each once. Replaces the content of `applied`.
  void Apply(absl::Span<const uint32_t> tag_indexes, std::vector<uint32_t>* applied) const;

  // The tags by which a post has the tag of that name, ascending: those called so or after an alias, and those that
  // imply it. `own` are the snapshot's tags of that exact name (Snapshot::FindTagIndexesByName).
  std::vector<uint32_t> TagsMeaning(std::string_view name, absl::Span<const uint32_t> own) const;

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

  TagRelations() = default;
  uint32_t NodeOf(std::string_view name);
  uint32_t FindNode(std::string_view name) const;  // kNone: relations do not speak of it
  uint32_t RootOf(uint32_t node) const { return nodes_[node].alias_of == kNone ? node : nodes_[node].alias_of; }
  absl::Status ReadPairs(const snapshot_file::RelationColumns& columns);
  absl::Status FindTags(const Snapshot& snapshot);
  absl::Status ComputeApplied(const Snapshot& snapshot);

  absl::flat_hash_map<absl::string_view, uint32_t> node_by_name_;
  std::vector<Node> nodes_;
  // By tag index: AppliedTo. Empty when there are no relations.
  std::vector<uint32_t> applied_begins_;  // one more than there are tags
  std::vector<uint32_t> applied_;
};

}  // namespace millrace
