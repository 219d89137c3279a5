#include "core/catalog/page_tags.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_id.h"
#include "core/catalog/tag_rows.h"

namespace millrace {
namespace {

// Boards give a name to one tag; a source with a name in several categories has a handful.
constexpr int64_t kSameNameMax = 64;

}  // namespace

absl::StatusOr<bool> PageTags::IsTaken(int64_t tag_id, std::string_view name) {
  if (given_ids_.contains(tag_id)) return true;
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag, ReadTag(database_, dataset_id_, tag_id));
  return tag.has_value() && tag->name != name;
}

absl::StatusOr<std::optional<int64_t>> PageTags::FindKnownId(std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<TagFact> told, ReadTagFact(database_, dataset_id_, name));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags, ReadTagsByName(database_, dataset_id_, name, kSameNameMax));
  std::optional<int64_t> smallest;
  for (const Tag& tag : tags) {
    if (told.has_value() && told->id == tag.id) return tag.id;
    smallest = std::min(tag.id, smallest.value_or(tag.id));
  }
  if (smallest.has_value()) return smallest;
  if (!told.has_value() || told->id == 0) return std::nullopt;
  MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(told->id, name));
  return is_taken ? std::nullopt : std::optional<int64_t>(told->id);
}

absl::StatusOr<int64_t> PageTags::FindId(std::string_view name) {
  const auto found = id_by_name_.find(absl::string_view(name.data(), name.size()));
  if (found != id_by_name_.end()) return found->second;
  MILLRACE_ASSIGN_OR_RETURN(std::optional<int64_t> tag_id, FindKnownId(name));
  for (uint64_t attempt = 0; !tag_id.has_value(); ++attempt) {
    const int64_t derived = DerivedTagId(name, attempt);
    MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(derived, name));
    if (!is_taken) tag_id = derived;
  }
  id_by_name_.emplace(std::string(name), *tag_id);
  given_ids_.insert(*tag_id);
  return *tag_id;
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
