#include "core/query/tag_names.h"

#include <algorithm>
#include <tuple>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/model/tag_query.h"
#include "core/query/name_search.h"
#include "core/snapshot/tag_relations.h"
#include "core/snapshot/tag_table.h"

namespace millrace {
namespace {

constexpr size_t kSuggestionCountMax = 3;
// Of a longer name no slip makes another one; and the time of a search depends on it.
constexpr size_t kSuggestSizeBytesMax = 128;
constexpr size_t kDistanceMax = 3;
// Names between two looks at whether somebody still waits: a few milliseconds.
constexpr uint64_t kNamesPerAsk = 65536;
// Looking at one name in so many by their order takes as long as searching all of them.
constexpr uint64_t kPrefixShare = 8;

}  // namespace

absl::StatusOr<bool> TagNames::IsCarried(std::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> own, snapshot_.FindTagIndexesByName(name));
  return !own.empty();
}

absl::StatusOr<std::string> TagNames::AliasOf(std::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, snapshot_.relations());
  const std::string_view meant = relations->ResolveAlias(name);
  return meant == name ? std::string() : std::string(meant);
}

absl::StatusOr<std::vector<uint32_t>> TagNames::Find(std::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> own, snapshot_.FindTagIndexesByName(name));
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, snapshot_.relations());
  return relations->TagsMeaning(name, own, reading_);
}

absl::StatusOr<std::vector<uint32_t>> TagNames::FindAll(const Glob& pattern) const {
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> carried, FindCarried(pattern));
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, snapshot_.relations());
  const auto matches = [&](std::string_view name) { return pattern.Matches(name); };
  return relations->TagsMeaningAny(matches, carried, reading_);
}

absl::StatusOr<std::vector<uint32_t>> TagNames::FindCarried(const Glob& pattern) const {
  const snapshot_file::TagTable& tags = snapshot_.tag_table();
  uint64_t begin, end;
  MILLRACE_RETURN_IF_ERROR(tags.PrefixRange(pattern.prefix(), &begin, &end));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint32_t> by_name, tags.ByName());
  // Without much of a beginning to go by: the names as they lie in the file, one behind the other.
  if ((end - begin) > tags.size() / kPrefixShare) return FindNames(pattern, tags, cancelled_);
  std::vector<uint32_t> found;
  uint64_t seen_count = 0;
  for (uint64_t place = begin; place < end; ++place) {
    if (++seen_count % kNamesPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
    std::string_view name;
    MILLRACE_RETURN_IF_ERROR(tags.NameOf(by_name[place], &name));
    if (pattern.Matches(name)) found.push_back(by_name[place]);
  }
  std::sort(found.begin(), found.end());
  return found;
}

absl::StatusOr<std::vector<std::string>> TagNames::Suggest(std::string_view name) const {
  if (name.size() > kSuggestSizeBytesMax) return std::vector<std::string>();
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> names, SuggestByDistance(name));
  return names.empty() ? SuggestByBeginning(name) : names;
}

absl::StatusOr<std::vector<std::string>> TagNames::SuggestByDistance(std::string_view name) const {
  const snapshot_file::TagTable& tags = snapshot_.tag_table();
  // One slip in four letters, and none where there are fewer than three: every short tag would do.
  const size_t limit = name.size() < 3 ? 0 : std::min(kDistanceMax, std::max<size_t>(1, name.size() / 4));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts, tags.PostCounts());
  using Candidate = std::tuple<size_t, int64_t, std::string_view>;  // distance, posts (negative), name
  std::vector<Candidate> candidates;
  for (uint64_t i = 0; limit > 0 && i < tags.size(); ++i) {
    if (i % kNamesPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
    std::string_view known;
    MILLRACE_RETURN_IF_ERROR(tags.NameOf(i, &known));
    const size_t distance = EditDistance(name, known, limit);
    if (distance > limit) continue;
    candidates.emplace_back(distance, -post_counts[i], known);
    std::sort(candidates.begin(), candidates.end());
    if (candidates.size() > kSuggestionCountMax) candidates.pop_back();
  }
  std::vector<std::string> names;
  for (const auto& [distance, posts, known] : candidates) {
    // Much nearer ones make the others unlikely.
    if (distance == std::get<0>(candidates.front()) && std::find(names.begin(), names.end(), known) == names.end()) {
      names.emplace_back(known);
    }
  }
  return names;
}

// The most used tags among those that share the longest beginning with `name`, at least half of it: a slip is rarely
// in the first letters.
absl::StatusOr<std::vector<std::string>> TagNames::SuggestByBeginning(std::string_view name) const {
  TagQuery tags;
  tags.order = TagQuery::Order::kPostCount;
  tags.limit = kSuggestionCountMax;
  std::vector<std::string> names;
  for (size_t size = name.size(); size >= (name.size() + 1) / 2 && size > 0; --size) {
    tags.prefix = std::string(name.substr(0, size));
    MILLRACE_ASSIGN_OR_RETURN(const TagPage page, snapshot_.ListTags(tags));
    for (const Tag& tag : page.tags) names.push_back(tag.name);
    if (!names.empty()) break;
  }
  return names;
}

}  // namespace millrace
