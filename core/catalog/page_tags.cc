#include "core/catalog/page_tags.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/catalog/named_tag_id.h"
#include "core/catalog/tag_facts_rows.h"

namespace millrace {

absl::StatusOr<PageTags> PageTags::Create(Database* database, RecentTags* recent, int64_t dataset_id) {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_earlier_lists, HasTagFacts(*database, dataset_id));
  return PageTags(database, recent, dataset_id, has_earlier_lists);
}

absl::Status PageTags::FindAll(const std::vector<PagePost>& posts) {
  std::vector<std::string_view> unknown;
  for (const PagePost& post : posts) {
    for (const PageTag& tag : post.tags) {
      if (tag.id != 0) continue;
      const auto [entry, is_new] = id_by_name_.try_emplace(tag.name, 0);
      if (!is_new) continue;
      const RecentTag* const recent = recent_.Find(dataset_id_, tag.name);
      if (recent == nullptr) {
        unknown.push_back(tag.name);
      } else {
        entry->second = recent->id;
        given_ids_.insert(recent->id);
      }
    }
  }
  std::sort(unknown.begin(), unknown.end());
  const TagIdSources sources{.database = &database_,
                             .dataset_id = dataset_id_,
                             .list = nullptr,
                             .has_earlier_lists = has_earlier_lists_,
                             .recent = &recent_};
  for (const std::string_view name : unknown) {
    MILLRACE_ASSIGN_OR_RETURN(const int64_t tag_id, FindTagId(sources, name, given_ids_));
    id_by_name_[absl::string_view(name.data(), name.size())] = tag_id;
    given_ids_.insert(tag_id);
  }
  return absl::OkStatus();
}

std::vector<ImportedTag> PageTags::Resolve(const std::vector<PageTag>& tags) const {
  std::vector<ImportedTag> resolved;
  resolved.reserve(tags.size());
  for (const PageTag& tag : tags) {
    resolved.push_back({tag.id != 0 ? tag.id : id_by_name_.at(tag.name), tag.name, tag.category});
  }
  // Of repeated ones the first that has a category stays.
  std::stable_sort(resolved.begin(), resolved.end(), [](const ImportedTag& a, const ImportedTag& b) {
    const bool a_lacks_category = a.category == TagCategory::kUnspecified;
    const bool b_lacks_category = b.category == TagCategory::kUnspecified;
    return a.id != b.id ? a.id < b.id : a_lacks_category < b_lacks_category;
  });
  const auto end = std::unique(resolved.begin(), resolved.end(),
                               [](const ImportedTag& a, const ImportedTag& b) { return a.id == b.id; });
  resolved.erase(end, resolved.end());
  return resolved;
}

}  // namespace millrace
