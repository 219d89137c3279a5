// From a tag's id to its index, for the writer: asked once for every tag of every post.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/model/post.h"

namespace millrace::snapshot_file {

// Immutable, so thread-safe.
class TagLookup {
 public:
  // Requires ascending ids.
  explicit TagLookup(const std::vector<Tag>& tags) {
    // Real ids are dense: a plain table is several times faster than hashing, and 4 bytes an id.
    const bool is_dense = !tags.empty() && tags.front().id >= 0 &&
                          tags.back().id < static_cast<int64_t>(kTableSizeMin + kTableSizePerTag * tags.size());
    if (is_dense) {
      table_.resize(static_cast<size_t>(tags.back().id) + 1, kNone);
    } else {
      map_.reserve(tags.size());
    }
    for (size_t i = 0; i < tags.size(); ++i) {
      if (is_dense) {
        table_[static_cast<size_t>(tags[i].id)] = static_cast<uint32_t>(i);
      } else {
        map_.emplace(tags[i].id, static_cast<uint32_t>(i));
      }
    }
  }

  std::optional<uint32_t> Find(int64_t tag_id) const {
    if (!table_.empty()) {
      if (tag_id < 0 || static_cast<uint64_t>(tag_id) >= table_.size()) return std::nullopt;
      const uint32_t index = table_[static_cast<size_t>(tag_id)];
      return index == kNone ? std::nullopt : std::optional(index);
    }
    const auto found = map_.find(tag_id);
    return found == map_.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  static constexpr size_t kTableSizeMin = 1 << 20;
  static constexpr size_t kTableSizePerTag = 16;
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();

  std::vector<uint32_t> table_;                 // by id
  absl::flat_hash_map<int64_t, uint32_t> map_;  // when the ids are too sparse for a table
};

}  // namespace millrace::snapshot_file
