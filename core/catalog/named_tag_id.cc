#include "core/catalog/named_tag_id.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "core/base/error.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_id.h"
#include "core/catalog/tag_rows.h"

namespace millrace {
namespace {

// Boards give a name to one tag; a source with a name in several categories has a handful.
constexpr int64_t kSameNameMax = 64;

bool MayBeTold(int64_t tag_id) { return tag_id > 0 && tag_id < kDerivedTagIdMin; }

absl::StatusOr<bool> HasTagNamed(const TagIdSources& sources, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags,
                            ReadTagsByName(*sources.database, sources.dataset_id, name, 1));
  return !tags.empty();
}

// Whether the import's list gives the id of a tag of this name to another one.
absl::StatusOr<bool> IsRenamed(const TagIdSources& sources, int64_t tag_id, std::string_view name) {
  if (sources.list == nullptr || !MayBeTold(tag_id)) return false;
  const TagFact* const fact = sources.list->FindTagById(tag_id);
  if (fact == nullptr || fact->name == name) return false;
  MILLRACE_ASSIGN_OR_RETURN(const bool has_tag, HasTagNamed(sources, fact->name));
  return !has_tag;
}

// Whether the dataset has a tag of that id with another name.
absl::StatusOr<bool> IsTaken(const TagIdSources& sources, int64_t tag_id, std::string_view name) {
  if (sources.database == nullptr) return false;
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag, ReadTag(*sources.database, sources.dataset_id, tag_id));
  return tag.has_value() && tag->name != name;
}

// The id of the dataset's tag of that name. Sets `told` to what earlier lists told of the name, unless the dataset has
// one tag of it: then, and that is nearly always, they change nothing and need not be looked up.
absl::StatusOr<std::optional<int64_t>> FindOfTags(const TagIdSources& sources, std::string_view name,
                                                  std::optional<TagFact>* told) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags,
                            ReadTagsByName(*sources.database, sources.dataset_id, name, kSameNameMax));
  if (tags.size() == 1) {
    MILLRACE_ASSIGN_OR_RETURN(const bool is_renamed, IsRenamed(sources, tags[0].id, name));
    if (!is_renamed) {
      if (sources.recent != nullptr) {
        sources.recent->Remember(sources.dataset_id, name, {tags[0].id, tags[0].category});
      }
      return tags[0].id;
    }
  }
  if (sources.has_earlier_lists) {
    MILLRACE_ASSIGN_OR_RETURN(*told, ReadTagFact(*sources.database, sources.dataset_id, name));
  }
  std::optional<int64_t> smallest;
  for (const Tag& tag : tags) {
    MILLRACE_ASSIGN_OR_RETURN(const bool is_renamed, IsRenamed(sources, tag.id, name));
    if (is_renamed) continue;
    if (told->has_value() && (*told)->id == tag.id) return tag.id;
    smallest = std::min(tag.id, smallest.value_or(tag.id));
  }
  return smallest;
}

// The id that the import's list tells.
absl::StatusOr<std::optional<int64_t>> FindOfList(const TagIdSources& sources, std::string_view name) {
  const TagFact* const fact = sources.list == nullptr ? nullptr : sources.list->FindTag(name);
  if (fact == nullptr || !MayBeTold(fact->id)) return std::nullopt;
  const TagFact* const owner = sources.list->FindTagById(fact->id);
  if (owner == nullptr || owner->name != name) return std::nullopt;
  MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(sources, fact->id, name));
  if (is_taken) {
    // The tag of another name is renamed, unless the dataset has one of this name besides (which another name gets).
    MILLRACE_ASSIGN_OR_RETURN(const bool has_tag, HasTagNamed(sources, name));
    if (has_tag) return std::nullopt;
  }
  return fact->id;
}

// The id that an earlier list told.
absl::StatusOr<std::optional<int64_t>> FindOfEarlierList(const TagIdSources& sources, std::string_view name,
                                                         const std::optional<TagFact>& told,
                                                         const absl::flat_hash_set<int64_t>& given) {
  if (!told.has_value() || !MayBeTold(told->id) || given.contains(told->id)) return std::nullopt;
  if (sources.list != nullptr) {
    const TagFact* const owner = sources.list->FindTagById(told->id);
    if (owner != nullptr && owner->name != name) return std::nullopt;
  }
  MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(sources, told->id, name));
  return is_taken ? std::nullopt : std::optional<int64_t>(told->id);
}

}  // namespace

absl::StatusOr<int64_t> FindTagId(const TagIdSources& sources, std::string_view name,
                                  const absl::flat_hash_set<int64_t>& given) {
  std::optional<TagFact> told;
  std::optional<int64_t> tag_id;
  if (sources.database != nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(tag_id, FindOfTags(sources, name, &told));
    if (tag_id.has_value()) return *tag_id;
  }
  MILLRACE_ASSIGN_OR_RETURN(tag_id, FindOfList(sources, name));
  if (tag_id.has_value()) return *tag_id;
  MILLRACE_ASSIGN_OR_RETURN(tag_id, FindOfEarlierList(sources, name, told, given));
  if (tag_id.has_value()) return *tag_id;
  for (uint64_t attempt = 0;; ++attempt) {
    const int64_t derived = DerivedTagId(name, attempt);
    if (given.contains(derived)) continue;
    MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(sources, derived, name));
    if (!is_taken) return derived;
  }
}

}  // namespace millrace
