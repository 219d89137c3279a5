// What an import does to a dataset's tags, collected while it is staged and applied when it is committed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/tag_writer.h"
#include "core/model/stats.h"

namespace millrace {

// Not thread-safe. Memory grows with the distinct tags seen.
class TagChanges {
 public:
  // A post comes to carry these tags, under these names.
  void AddUses(absl::Span<const ImportedTag> tags);
  // A post came to carry a tag that has this name unless a post told another.
  void AddUseOf(int64_t tag_id, std::string_view name);
  // A post that carried these tags is replaced.
  void RemoveUses(absl::Span<const int64_t> tag_ids);

  bool empty() const { return changes_.empty(); }
  // The tags that posts came to carry, each under the last name told, in no order.
  void VisitUsed(const std::function<void(int64_t tag_id, const std::string& name)>& visit) const;

  // Writes the changes, within a write transaction: the last name and category told stand (a tag whose category nobody
  // told takes it from the list of tags), counts are adjusted, tags that no post carries any more are deleted. Adds the
  // changed tag counts by category to `change` and returns how many tags got another name or category than the dataset,
  // or the import itself, had given them. Tags that `recent` knows, and that are only carried by more posts, are not
  // read.
  absl::StatusOr<int64_t> Apply(Database& database, int64_t dataset_id, RecentTags* recent, Stats* change) const;

 private:
  struct Change {
    std::string name;
    TagCategory category = TagCategory::kUnspecified;
    bool is_named = false;    // false: only posts that are replaced carry it so far
    bool is_renamed = false;  // this import gave it more than one name or category
    int64_t post_count_change = 0;
  };
  using IdAndChange = std::pair<int64_t, const Change*>;
  // What Apply needs for each tag.
  struct Target {
    Database& database;
    int64_t dataset_id;
    bool has_tags;
    bool has_facts;  // a list told categories
    RecentTags& recent;
    TagWriter writer;
  };

  // In the order in which they are best written; `is_new`: into a dataset without tags.
  std::vector<IdAndChange> InOrder(bool is_new) const;
  // False: nothing was done, the tag has to be read.
  static absl::StatusOr<bool> TryApplyUnread(int64_t tag_id, const Change& told, Target* target);
  // Whether the tag got another name or category.
  static absl::StatusOr<bool> ApplyOne(int64_t tag_id, const Change& told, Target* target);

  absl::flat_hash_map<int64_t, Change> changes_;
};

}  // namespace millrace
