#include "core/catalog/tag_resolver.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "core/base/error.h"
#include "core/catalog/named_tag_id.h"

namespace millrace {

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
      const TagIdSources sources{.database = is_new_ ? nullptr : reader_, .dataset_id = dataset_id_, .list = facts_};
      MILLRACE_ASSIGN_OR_RETURN(tag_id, FindTagId(sources, tag.name, given_ids_));
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

}  // namespace millrace
