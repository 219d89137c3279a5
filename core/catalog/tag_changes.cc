#include "core/catalog/tag_changes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_rows.h"
#include "core/catalog/tag_writer.h"

namespace millrace {

void TagChanges::AddUses(absl::Span<const ImportedTag> tags) {
  for (const ImportedTag& tag : tags) {
    Change& change = changes_[tag.id];
    ++change.post_count_change;
    const bool has_category = tag.category != TagCategory::kUnspecified;
    const bool is_known_category = !has_category || change.category == tag.category;
    if (change.is_named && is_known_category && change.name == tag.name) continue;
    // To tell a category after none is no change.
    change.is_renamed |= change.is_named && (change.name != tag.name ||
                                             (change.category != TagCategory::kUnspecified && !is_known_category));
    change.is_named = true;
    change.name = tag.name;
    if (has_category) change.category = tag.category;
  }
}

void TagChanges::RemoveUses(absl::Span<const int64_t> tag_ids) {
  for (const int64_t tag_id : tag_ids) --changes_[tag_id].post_count_change;
}

absl::StatusOr<int64_t> TagChanges::Apply(Database& database, int64_t dataset_id, Stats* change) const {
  // Ascending, as the table is: its pages are then written one behind the other.
  std::vector<int64_t> tag_ids;
  tag_ids.reserve(changes_.size());
  for (const auto& entry : changes_) tag_ids.push_back(entry.first);
  std::sort(tag_ids.begin(), tag_ids.end());

  MILLRACE_ASSIGN_OR_RETURN(TagWriter writer, TagWriter::Create(database, dataset_id, change));
  int64_t changed_count = 0;
  for (const int64_t tag_id : tag_ids) {
    const Change& told = changes_.find(tag_id)->second;
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> before, ReadTag(database, dataset_id, tag_id));
    Tag after = before.value_or(Tag{tag_id, "", TagCategory::kUnspecified, 0});
    bool is_changed = told.is_renamed;
    if (told.is_named) {
      after.name = told.name;
      if (told.category != TagCategory::kUnspecified) after.category = told.category;
      if (after.category == TagCategory::kUnspecified) {
        MILLRACE_ASSIGN_OR_RETURN(const std::optional<TagFact> fact, ReadTagFact(database, dataset_id, told.name));
        if (fact.has_value()) after.category = fact->category;
      }
      is_changed |= before.has_value() && (before->name != after.name || before->category != after.category);
    }
    after.post_count += told.post_count_change;
    if (after.post_count < 0) {
      return MakeError(Reason::kCatalogDamaged, absl::StrCat("tag ", tag_id, " would be carried by ", after.post_count,
                                                             " posts: the catalog's counts do not match its posts"));
    }
    if (is_changed) ++changed_count;
    if (told.post_count_change == 0 && !is_changed) continue;
    MILLRACE_RETURN_IF_ERROR(writer.Put(before, after));
  }
  return changed_count;
}

}  // namespace millrace
