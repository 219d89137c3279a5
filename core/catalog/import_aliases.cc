// How an import session puts what tags are aliases of in their place.
#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "core/base/error.h"
#include "core/catalog/import_session_impl.h"
#include "core/catalog/tag_id.h"
#include "core/catalog/tag_rows.h"

namespace millrace {
namespace {

// Aliases are of names, and no name is an alias of one that is an alias. But where posts give a tag's id another name
// than the dataset, the tag that takes a place by its old name may give way by its new one. Such a place goes to the
// last.
void FollowReplacements(TagReplacements* replacements) {
  const TagReplacements by_name = *replacements;
  for (auto& [tag_id, replacement] : *replacements) {
    size_t step_count = 0;
    for (auto next = by_name.find(replacement.id); next != by_name.end(); next = by_name.find(replacement.id)) {
      if (++step_count > by_name.size()) {
        replacement.id = tag_id;  // in a circle: nobody gives way
        break;
      }
      replacement.id = next->second.id;
      replacement.name = next->second.name;
    }
  }
  absl::erase_if(*replacements, [](const auto& each) { return each.first == each.second.id; });
}

}  // namespace

absl::StatusOr<AppliedAliases> ImportSession::Impl::ApplyAliases(const AliasOptions& options) {
  if (is_over_) return SessionOverError();
  MILLRACE_RETURN_IF_ERROR(CheckRelations(RefusedRelationError));
  AppliedAliases applied;
  MILLRACE_ASSIGN_OR_RETURN(const TagReplacements replacements, FindReplacements());
  if (replacements.empty()) return applied;
  MILLRACE_RETURN_IF_ERROR(FlushAndWait());
  absl::flat_hash_map<int64_t, std::string_view> names;  // of the tags that take a place
  for (const auto& [tag_id, replacement] : replacements) names[replacement.id] = replacement.name;
  std::vector<int64_t> gone;
  std::vector<int64_t> come;
  const auto on_replaced = [&](absl::Span<const int64_t> before, absl::Span<const int64_t> after) {
    gone.clear();
    come.clear();
    std::set_difference(before.begin(), before.end(), after.begin(), after.end(), std::back_inserter(gone));
    std::set_difference(after.begin(), after.end(), before.begin(), before.end(), std::back_inserter(come));
    tag_changes_.RemoveUses(gone);
    for (const int64_t tag_id : come) tag_changes_.AddUseOf(tag_id, names[tag_id]);
    const int64_t duplicate_count = static_cast<int64_t>(before.size()) - static_cast<int64_t>(after.size());
    change_.tag_use_count -= duplicate_count;
    applied.duplicate_tag_count += duplicate_count;
    ++applied.post_count;
  };
  MILLRACE_RETURN_IF_ERROR(ReplaceStagedTags(connections_, *reader_, import_id_, replacements, options, on_replaced));
  aliased_post_count_ += applied.post_count;
  return applied;
}

absl::StatusOr<TagReplacements> ImportSession::Impl::FindReplacements() {
  TagReplacements replacements;
  if (tag_changes_.empty()) return replacements;
  MILLRACE_ASSIGN_OR_RETURN(const auto aliases, ReadAliasesToBe(*reader_, dataset_.id, facts_, superseded_relations_));
  if (aliases.empty()) return replacements;
  absl::flat_hash_map<std::string, int64_t> told_ids;
  tag_changes_.VisitUsed([&](int64_t tag_id, const std::string& name) {
    if (const auto alias = aliases.find(name); alias != aliases.end()) {
      replacements[tag_id] = {name, 0, alias->second};
    } else if (has_numbered_tags_) {
      const auto [told, is_first] = told_ids.try_emplace(name, tag_id);
      if (!is_first) told->second = std::min(told->second, tag_id);
    }
  });
  for (auto it = replacements.begin(); it != replacements.end();) {
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> tag_id, FindReplacementId(it->second.name, told_ids));
    // A list may have given the tag's id the other name.
    if (!tag_id.has_value() || *tag_id == it->first) {
      replacements.erase(it++);
      continue;
    }
    it->second.id = *tag_id;
    ++it;
  }
  FollowReplacements(&replacements);
  return replacements;
}

absl::StatusOr<std::optional<int64_t>> ImportSession::Impl::FindReplacementId(
    const std::string& name, const absl::flat_hash_map<std::string, int64_t>& told_ids) {
  if (const auto told = told_ids.find(name); told != told_ids.end()) return told->second;
  const ImportedTag tag{0, name};
  MILLRACE_RETURN_IF_ERROR(tag_resolver_.Resolve(absl::MakeConstSpan(&tag, 1), &resolved_tags_));
  const int64_t tag_id = resolved_tags_.ids[0];
  if (!has_numbered_tags_ || tag_id < kDerivedTagIdMin) return tag_id;
  // Where the source gives ids it gives one to this tag, too: an id of ours would make it two, unless it is there.
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<Tag> tag_there, ReadTag(*reader_, dataset_.id, tag_id));
  return tag_there.has_value() && tag_there->name == name ? std::make_optional(tag_id) : std::nullopt;
}

}  // namespace millrace
