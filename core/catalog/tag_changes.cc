#include "core/catalog/tag_changes.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_id.h"
#include "core/catalog/tag_rows.h"

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

void TagChanges::AddUseOf(int64_t tag_id, std::string_view name) {
  Change& change = changes_[tag_id];
  ++change.post_count_change;
  if (change.is_named) return;
  change.is_named = true;
  change.name = std::string(name);
}

void TagChanges::RemoveUses(absl::Span<const int64_t> tag_ids) {
  for (const int64_t tag_id : tag_ids) --changes_[tag_id].post_count_change;
}

void TagChanges::VisitUsed(const std::function<void(int64_t tag_id, const std::string& name)>& visit) const {
  for (const auto& [tag_id, change] : changes_) {
    if (change.is_named) visit(tag_id, change.name);
  }
}

std::vector<TagChanges::IdAndChange> TagChanges::InOrder(bool is_new) const {
  std::vector<IdAndChange> order;
  order.reserve(changes_.size());
  for (const auto& [tag_id, change] : changes_) order.emplace_back(tag_id, &change);
  // Ascending by id, as the table is: its pages are then written one behind the other. But where all are new each goes
  // into the indexes by name as well, and an id that was made of the name leads to no place in any other order.
  const auto goes_by_name = [is_new](int64_t tag_id) { return is_new && tag_id >= kDerivedTagIdMin; };
  std::sort(order.begin(), order.end(), [&](const IdAndChange& a, const IdAndChange& b) {
    if (!goes_by_name(a.first) || !goes_by_name(b.first) || a.second->name == b.second->name) return a.first < b.first;
    return a.second->name < b.second->name;
  });
  return order;
}

absl::StatusOr<bool> TagChanges::TryApplyUnread(int64_t tag_id, const Change& told, Target* target) {
  // Whoever carries a tag no more may be its last post.
  if (!told.is_named || told.is_renamed || told.post_count_change < 0) return false;
  const RecentTag* const tag = target->recent.Find(target->dataset_id, told.name);
  if (tag == nullptr || tag->id != tag_id) return false;
  if (told.category != TagCategory::kUnspecified && told.category != tag->category) return false;
  if (tag->category == TagCategory::kUnspecified && target->has_facts) return false;
  if (told.post_count_change == 0) return true;
  MILLRACE_RETURN_IF_ERROR(target->writer.AddUses(told.name, *tag, told.post_count_change));
  return true;
}

absl::StatusOr<bool> TagChanges::ApplyOne(int64_t tag_id, const Change& told, Target* target) {
  std::optional<Tag> before;
  if (target->has_tags) {
    MILLRACE_ASSIGN_OR_RETURN(const bool is_applied, TryApplyUnread(tag_id, told, target));
    if (is_applied) return false;
    MILLRACE_ASSIGN_OR_RETURN(before, ReadTag(target->database, target->dataset_id, tag_id));
  }
  Tag after = before.value_or(Tag{tag_id, "", TagCategory::kUnspecified, 0});
  bool is_changed = told.is_renamed;
  if (told.is_named) {
    after.name = told.name;
    if (told.category != TagCategory::kUnspecified) after.category = told.category;
    if (after.category == TagCategory::kUnspecified && target->has_facts) {
      MILLRACE_ASSIGN_OR_RETURN(const std::optional<TagFact> fact,
                                ReadTagFact(target->database, target->dataset_id, told.name));
      if (fact.has_value()) after.category = fact->category;
    }
    is_changed |= before.has_value() && (before->name != after.name || before->category != after.category);
  }
  after.post_count += told.post_count_change;
  if (after.post_count < 0) {
    return MakeError(Reason::kCatalogDamaged, absl::StrCat("tag ", tag_id, " would be carried by ", after.post_count,
                                                           " posts: the catalog's counts do not match its posts"));
  }
  if (told.post_count_change != 0 || is_changed) MILLRACE_RETURN_IF_ERROR(target->writer.Put(before, after));
  return is_changed;
}

absl::StatusOr<int64_t> TagChanges::Apply(Database& database, int64_t dataset_id, RecentTags* recent,
                                          Stats* change) const {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_tags, HasTags(database, dataset_id));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_facts, HasTagFacts(database, dataset_id));
  MILLRACE_ASSIGN_OR_RETURN(TagWriter writer, TagWriter::Create(database, dataset_id, recent, change));
  Target target{database, dataset_id, has_tags, has_facts, *recent, std::move(writer)};
  int64_t changed_count = 0;
  for (const auto& [tag_id, told] : InOrder(/*is_new=*/!has_tags)) {
    MILLRACE_ASSIGN_OR_RETURN(const bool is_changed, ApplyOne(tag_id, *told, &target));
    if (is_changed) ++changed_count;
  }
  return changed_count;
}

}  // namespace millrace
