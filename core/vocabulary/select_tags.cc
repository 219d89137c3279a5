#include "core/vocabulary/select_tags.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/snapshot/applied_tags.h"

namespace millrace {
namespace {

constexpr size_t kMissingNamesShownMax = 5;

absl::Status MissingError(const Snapshot& snapshot, const std::vector<std::string>& missing) {
  std::vector<std::string> shown;
  for (size_t i = 0; i < std::min(missing.size(), kMissingNamesShownMax); ++i) {
    shown.push_back(QuoteForMessage(missing[i]));
  }
  if (missing.size() > shown.size()) shown.push_back(absl::StrCat(missing.size() - shown.size(), " more"));
  return MakeError(Reason::kVocabularyInvalid,
                   absl::StrCat("include: the snapshot ", snapshot.digest(), " has no tag named ",
                                absl::StrJoin(shown, ", "), ". Correct the names or leave them out."),
                   {{"tag", missing.front()}, {"snapshot", snapshot.digest()}});
}

absl::Status NothingLeftError(const Snapshot& snapshot) {
  return MakeError(Reason::kVocabularyInvalid,
                   absl::StrCat("no tag of the snapshot ", snapshot.digest(), ", which has ", snapshot.tag_count(),
                                ", passes every condition. Lower min_post_count, or name other categories or tags."),
                   {{"snapshot", snapshot.digest()}});
}

// The tags that somebody means by a name and a post has by the reading, by which `post_counts` are.
absl::StatusOr<std::vector<uint32_t>> FindTags(const Snapshot& snapshot, std::string_view name, TagReading reading,
                                               absl::Span<const int64_t> post_counts) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> own, snapshot.FindTagIndexesByName(name));
  // What posts said is a label of its own, whatever it is an alias of.
  if (reading == TagReading::kAsSaid && !own.empty()) return own;
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, snapshot.relations());
  std::vector<uint32_t> tag_indexes = relations->TagsMeaning(name, own, TagReading::kAsSaid);
  tag_indexes.erase(std::remove_if(tag_indexes.begin(), tag_indexes.end(),
                                   [&](uint32_t tag_index) { return post_counts[tag_index] == 0; }),
                    tag_indexes.end());
  return tag_indexes;
}

// Whether each tag is asked for by its name, by tag index.
absl::StatusOr<std::vector<bool>> ChosenByName(const Snapshot& snapshot, const TagSelection& selection,
                                               absl::Span<const int64_t> post_counts) {
  std::vector<bool> is_chosen(static_cast<size_t>(snapshot.tag_count()), selection.include.empty());
  std::vector<std::string> missing;
  for (const std::string& name : selection.include) {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> tag_indexes,
                              FindTags(snapshot, name, selection.tags, post_counts));
    if (tag_indexes.empty()) missing.push_back(name);
    for (const uint32_t tag_index : tag_indexes) is_chosen[tag_index] = true;
  }
  if (!missing.empty()) return MissingError(snapshot, missing);
  for (const std::string& name : selection.exclude) {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> tag_indexes,
                              FindTags(snapshot, name, selection.tags, post_counts));
    for (const uint32_t tag_index : tag_indexes) is_chosen[tag_index] = false;
  }
  return is_chosen;
}

// The tags that pass every condition but `top`, in the order of their labels.
absl::StatusOr<std::vector<uint32_t>> ChosenInOrder(const Snapshot& snapshot, const TagSelection& selection,
                                                    absl::Span<const int64_t> post_counts) {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<bool> is_chosen, ChosenByName(snapshot, selection, post_counts));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> categories, snapshot.TagCategories());
  std::array<bool, kTagCategoryCount> takes_category;
  takes_category.fill(selection.categories.empty());
  for (const TagCategory category : selection.categories) takes_category[static_cast<size_t>(category)] = true;
  std::vector<uint32_t> tag_indexes;
  for (uint32_t i = 0; i < is_chosen.size(); ++i) {
    if (is_chosen[i] && post_counts[i] > 0 && post_counts[i] >= selection.min_post_count &&
        takes_category.at(categories[i])) {
      tag_indexes.push_back(i);
    }
  }
  // Tags are numbered by id.
  std::stable_sort(tag_indexes.begin(), tag_indexes.end(),
                   [&](uint32_t a, uint32_t b) { return post_counts[a] > post_counts[b]; });
  return tag_indexes;
}

}  // namespace

absl::StatusOr<Vocabulary> SelectTags(const Snapshot& snapshot, const TagSelection& selection,
                                      const std::function<bool()>& cancelled) {
  if (selection.top < 0) return FieldError("top", "must not be negative; 0 means all");
  if (selection.min_post_count < 0) return FieldError("min_post_count", "must not be negative; 0 means any");
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts,
                            TagPostCountsFor(snapshot, selection.tags, cancelled));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> tag_indexes, ChosenInOrder(snapshot, selection, post_counts));
  std::vector<VocabularyEntry> entries;
  absl::flat_hash_set<std::pair<absl::string_view, uint8_t>> seen;
  for (const uint32_t tag_index : tag_indexes) {
    if (selection.top > 0 && static_cast<int64_t>(entries.size()) == selection.top) break;
    MILLRACE_ASSIGN_OR_RETURN(const TagView tag, snapshot.TagAt(tag_index));
    const absl::string_view name(tag.name.data(), tag.name.size());
    if (!seen.emplace(name, static_cast<uint8_t>(tag.category)).second) continue;
    entries.push_back({tag.id, std::string(tag.name), tag.category, post_counts[tag_index]});
  }
  if (entries.empty()) return NothingLeftError(snapshot);
  return Vocabulary::Create(std::move(entries));
}

}  // namespace millrace
