// The tags that pages of refreshes used last, in memory beside the writing connection.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "core/model/post.h"

namespace millrace {

// As the table has it. Not how many posts carry it: that changes with every page.
struct RecentTag {
  int64_t id = 0;
  TagCategory category = TagCategory::kUnspecified;
};

// To find the tags of a page by name in the table took half of the time that a page took to be written, and most of
// them were in the pages before. Holds tags that are the only one of their name in their dataset, of any dataset.
//
// What it holds is what the table says within the write transaction that is open, or would say in the next one: who
// writes a tag's name, category or row, or removes it, forgets its name here first (tag_writer.h, through which all of
// it goes), and a transaction that is not committed leaves nothing (connections.h). A process beside this one, which
// should not be, is seen by Note.
//
// Not thread-safe: to be used under the lock of the writing connection. Bounded: about 100 bytes a tag.
class RecentTags {
 public:
  // At least half as many, those that were used last, stay.
  static constexpr size_t kTagCountMax = 65'536;

  explicit RecentTags(size_t tag_count_max = kTagCountMax) : generation_size_max_(tag_count_max / 2) {}

  // Null: unknown here. Valid until the next call of another function. A tag that is found counts as used.
  const RecentTag* Find(int64_t dataset_id, std::string_view name);
  // Requires that it is the dataset's only tag of that name.
  void Remember(int64_t dataset_id, std::string_view name, RecentTag tag);
  void Forget(int64_t dataset_id, std::string_view name);
  void Clear();
  // SQLite's data_version of the writing connection, within a transaction: it changes when another connection wrote to
  // the file. Then everything is forgotten.
  void Note(int64_t data_version);

  size_t size() const { return young_.size() + old_.size(); }

 private:
  // Stored keys own their names, keys to look for borrow them.
  struct Key {
    int64_t dataset_id;
    std::string name;
  };
  struct KeyView {
    KeyView(int64_t dataset, std::string_view text) : dataset_id(dataset), name(text.data(), text.size()) {}
    KeyView(const Key& key) : dataset_id(key.dataset_id), name(key.name) {}  // NOLINT(google-explicit-constructor)
    int64_t dataset_id;
    absl::string_view name;
  };
  struct Hash {
    using is_transparent = void;
    size_t operator()(const KeyView& key) const { return absl::HashOf(key.dataset_id, key.name); }
  };
  struct Equal {
    using is_transparent = void;
    bool operator()(const KeyView& a, const KeyView& b) const {
      return a.dataset_id == b.dataset_id && a.name == b.name;
    }
  };
  using Generation = absl::flat_hash_map<Key, RecentTag, Hash, Equal>;

  const size_t generation_size_max_;
  // When the young are too many they become the old, and the old go. A tag is in one of the two.
  Generation young_;
  Generation old_;
  int64_t data_version_ = 0;
};

}  // namespace millrace
