#include "core/catalog/page_tags.h"

#include <xxhash.h>

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/catalog/tag_rows.h"

namespace millrace {
namespace {

// Boards give a name to one tag; a source with a name in several categories has a handful.
constexpr int64_t kSameNameMax = 64;

// Sources' own ids lie below, derived ones from here on.
constexpr int64_t kDerivedTagIdMin = int64_t{1} << 62;

int64_t DerivedTagId(std::string_view name, uint64_t attempt) {
  const uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), attempt);
  return kDerivedTagIdMin + static_cast<int64_t>(hash & (static_cast<uint64_t>(kDerivedTagIdMin) - 1));
}

}  // namespace

absl::StatusOr<int64_t> PageTags::DeriveId(std::string_view name) {
  for (uint64_t attempt = 0;; ++attempt) {
    const int64_t tag_id = DerivedTagId(name, attempt);
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> taken, ReadTag(database_, dataset_id_, tag_id));
    if (taken.has_value() && taken->name != name) continue;
    if (derived_ids_.insert(tag_id).second) return tag_id;
  }
}

absl::StatusOr<PageTags::Known> PageTags::Find(std::string_view name) {
  const auto found = known_by_name_.find(absl::string_view(name.data(), name.size()));
  if (found != known_by_name_.end()) return found->second;
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags, ReadTagsByName(database_, dataset_id_, name, kSameNameMax));
  Known known;
  if (!tags.empty()) {
    const auto smallest =
        std::min_element(tags.begin(), tags.end(), [](const Tag& a, const Tag& b) { return a.id < b.id; });
    known = {smallest->id, smallest->category};
  } else {
    MILLRACE_ASSIGN_OR_RETURN(known.id, DeriveId(name));
  }
  known_by_name_.emplace(std::string(name), known);
  return known;
}

absl::StatusOr<std::vector<ImportedTag>> PageTags::Resolve(const std::vector<PageTag>& tags) {
  std::vector<ImportedTag> resolved;
  resolved.reserve(tags.size());
  for (const PageTag& tag : tags) {
    ImportedTag& entry = resolved.emplace_back(ImportedTag{tag.id, tag.name, tag.category});
    if (entry.id != 0) continue;
    MILLRACE_ASSIGN_OR_RETURN(const Known known, Find(tag.name));
    entry.id = known.id;
    if (entry.category == TagCategory::kUnspecified) entry.category = known.category;
  }
  // Of repeated ones the first that has a category stays.
  std::stable_sort(resolved.begin(), resolved.end(), [](const ImportedTag& a, const ImportedTag& b) {
    const bool a_lacks_category = a.category == TagCategory::kUnspecified;
    const bool b_lacks_category = b.category == TagCategory::kUnspecified;
    return a.id != b.id ? a.id < b.id : a_lacks_category < b_lacks_category;
  });
  resolved.erase(std::unique(resolved.begin(), resolved.end(),
                             [](const ImportedTag& a, const ImportedTag& b) { return a.id == b.id; }),
                 resolved.end());
  return resolved;
}

}  // namespace millrace
