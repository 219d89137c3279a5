#include "core/catalog/tag_resolver.h"

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

absl::Status TagResolver::Resolve(absl::Span<const ImportedTag> tags, ResolvedTags* resolved) {
  resolved->tags.clear();
  resolved->ids.clear();
  resolved->duplicate_count = 0;
  // The names of one record are looked up in one transaction, which costs as much as looking up one. It is not kept
  // longer: the write-ahead log cannot be emptied while it is open.
  std::optional<Transaction> transaction;
  for (const ImportedTag& tag : tags) {
    if (tag.id != 0) {
      resolved->tags.push_back(tag);
      continue;
    }
    int64_t tag_id;
    const auto known = id_by_name_.find(absl::string_view(tag.name.data(), tag.name.size()));
    if (known != id_by_name_.end()) {
      tag_id = known->second;
    } else {
      if (!is_new_ && !transaction.has_value()) {
        MILLRACE_ASSIGN_OR_RETURN(Transaction begun, Transaction::BeginRead(*reader_));
        transaction.emplace(std::move(begun));
      }
      MILLRACE_ASSIGN_OR_RETURN(tag_id, FindId(tag.name));
      id_by_name_.emplace(std::string(tag.name), tag_id);
      given_ids_.insert(tag_id);
    }
    resolved->tags.push_back({tag_id, tag.name, tag.category});
  }
  // Of repeated ones the first that has a category comes first, and stays.
  std::stable_sort(resolved->tags.begin(), resolved->tags.end(), [](const ImportedTag& a, const ImportedTag& b) {
    const bool a_lacks_category = a.category == TagCategory::kUnspecified;
    const bool b_lacks_category = b.category == TagCategory::kUnspecified;
    return a.id != b.id ? a.id < b.id : a_lacks_category < b_lacks_category;
  });
  const auto end = std::unique(resolved->tags.begin(), resolved->tags.end(),
                               [](const ImportedTag& a, const ImportedTag& b) { return a.id == b.id; });
  resolved->duplicate_count = resolved->tags.end() - end;
  resolved->tags.erase(end, resolved->tags.end());
  for (const ImportedTag& tag : resolved->tags) resolved->ids.push_back(tag.id);
  return absl::OkStatus();
}

absl::StatusOr<int64_t> TagResolver::FindId(std::string_view name) {
  if (!is_new_) {
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> tag_id, FindCatalogId(name));
    if (tag_id.has_value() && !given_ids_.contains(*tag_id)) return *tag_id;
  }
  // A list of tags in this import is the newest word on names: it may rename a tag that the dataset has.
  const TagFact* const fact = facts_->FindTag(name);
  if (fact != nullptr && fact->id != 0 && !given_ids_.contains(fact->id)) return fact->id;
  return Derive(name);
}

absl::StatusOr<std::optional<int64_t>> TagResolver::FindCatalogId(std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<Tag> tags, ReadTagsByName(*reader_, dataset_id_, name, kSameNameMax));
  // Nearly always: then what lists tell of the name changes nothing, and need not be looked up.
  if (tags.size() == 1) return tags[0].id;
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<TagFact> told, ReadTagFact(*reader_, dataset_id_, name));
  std::optional<int64_t> smallest;
  for (const Tag& tag : tags) {
    if (told.has_value() && told->id == tag.id) return tag.id;
    smallest = std::min(tag.id, smallest.value_or(tag.id));
  }
  if (smallest.has_value()) return smallest;
  if (!told.has_value() || told->id == 0) return std::nullopt;
  // What this import's list of tags says goes before what an earlier one said.
  if (const TagFact* const fact = facts_->FindTag(name); fact != nullptr && fact->id != 0) return std::nullopt;
  MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(told->id, name));
  if (is_taken) return std::nullopt;
  return told->id;
}

absl::StatusOr<bool> TagResolver::IsTaken(int64_t tag_id, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag, ReadTag(*reader_, dataset_id_, tag_id));
  return tag.has_value() && tag->name != name;
}

absl::StatusOr<int64_t> TagResolver::Derive(std::string_view name) {
  for (uint64_t attempt = 0;; ++attempt) {
    const int64_t tag_id = DerivedTagId(name, attempt);
    if (given_ids_.contains(tag_id)) continue;
    if (is_new_) return tag_id;
    MILLRACE_ASSIGN_OR_RETURN(const bool is_taken, IsTaken(tag_id, name));
    if (!is_taken) return tag_id;
  }
}

}  // namespace millrace
