#include "core/catalog/tag_changes.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/tag_rows.h"

namespace millrace {
namespace {

// Writes tags, and keeps the counts by category in step.
class TagWriter {
 public:
  TagWriter(Statement upsert, Statement remove, int64_t dataset_id, Stats* change)
      : upsert_(std::move(upsert)), remove_(std::move(remove)), dataset_id_(dataset_id), change_(change) {}

  absl::Status Put(const std::optional<Tag>& before, const Tag& after) {
    if (before.has_value()) Count(*before, -1);
    if (after.post_count == 0) return before.has_value() ? Remove(after.id) : absl::OkStatus();
    Count(after, 1);
    upsert_.Bind(1, dataset_id_);
    upsert_.Bind(2, after.id);
    upsert_.BindBorrowed(3, after.name);
    upsert_.Bind(4, static_cast<int64_t>(after.category));
    upsert_.Bind(5, after.post_count);
    return upsert_.Run();
  }

 private:
  absl::Status Remove(int64_t tag_id) {
    remove_.Bind(1, dataset_id_);
    remove_.Bind(2, tag_id);
    return remove_.Run();
  }

  void Count(const Tag& tag, int64_t sign) {
    const size_t category = static_cast<size_t>(tag.category);
    change_->category_tag_counts[category] += sign;
    change_->category_tag_use_counts[category] += sign * tag.post_count;
  }

  Statement upsert_;
  Statement remove_;
  const int64_t dataset_id_;
  Stats* const change_;
};

}  // namespace

void TagChanges::AddUses(absl::Span<const ImportedTag> tags) {
  for (const ImportedTag& tag : tags) {
    Change& change = changes_[tag.id];
    ++change.post_count_change;
    if (change.is_named && change.category == tag.category && change.name == tag.name) continue;
    change.is_renamed |= change.is_named;
    change.is_named = true;
    change.name = tag.name;
    change.category = tag.category;
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

  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert, database.PrepareCached(
                            "INSERT INTO tags (dataset_id, tag_id, name, category, post_count) VALUES (?1, ?2, ?3, ?4, "
                            "?5) ON CONFLICT (dataset_id, tag_id) DO UPDATE SET name = excluded.name, "
                            "category = excluded.category, post_count = excluded.post_count"));
  MILLRACE_ASSIGN_OR_RETURN(Statement remove,
                            database.PrepareCached("DELETE FROM tags WHERE dataset_id = ?1 AND tag_id = ?2"));
  TagWriter writer(std::move(upsert), std::move(remove), dataset_id, change);
  int64_t changed_count = 0;
  for (const int64_t tag_id : tag_ids) {
    const Change& told = changes_.find(tag_id)->second;
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> before, ReadTag(database, dataset_id, tag_id));
    Tag after = before.value_or(Tag{tag_id, "", TagCategory::kUnspecified, 0});
    bool is_changed = told.is_renamed;
    if (told.is_named) {
      is_changed |= before.has_value() && (before->name != told.name || before->category != told.category);
      after.name = told.name;
      after.category = told.category;
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
