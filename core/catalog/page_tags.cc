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

absl::StatusOr<int64_t> PageTags::FindId(std::string_view name) {
  const auto found = id_by_name_.find(absl::string_view(name.data(), name.size()));
  if (found != id_by_name_.end()) return found->second;
  const TagIdSources sources{.database = &database_,
                             .dataset_id = dataset_id_,
                             .list = nullptr,
                             .has_earlier_lists = has_earlier_lists_,
                             .recent = &recent_};
  MILLRACE_ASSIGN_OR_RETURN(const int64_t tag_id, FindTagId(sources, name, given_ids_));
  id_by_name_.emplace(std::string(name), tag_id);
  given_ids_.insert(tag_id);
  return tag_id;
}

absl::Status PageTags::FindAll(const std::vector<PagePost>& posts) {
  absl::flat_hash_set<absl::string_view> seen;
  std::vector<std::string_view> names;
  for (const PagePost& post : posts) {
    for (const PageTag& tag : post.tags) {
      if (tag.id == 0 && seen.insert(tag.name).second) names.push_back(tag.name);
    }
  }
  std::sort(names.begin(), names.end());
  for (const std::string_view name : names) MILLRACE_RETURN_IF_ERROR(FindId(name).status());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<ImportedTag>> PageTags::Resolve(const std::vector<PageTag>& tags) {
  std::vector<ImportedTag> resolved;
  resolved.reserve(tags.size());
  for (const PageTag& tag : tags) {
    ImportedTag& entry = resolved.emplace_back(ImportedTag{tag.id, tag.name, tag.category});
    if (entry.id != 0) continue;
    MILLRACE_ASSIGN_OR_RETURN(entry.id, FindId(tag.name));
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
