#include "core/query/tag_names.h"

#include <algorithm>
#include <string>
#include <tuple>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
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
// Shorter ones are in too many names to say anything.
constexpr size_t kHeldSizeBytesMin = 3;
// Names between two looks at whether somebody still waits: a few milliseconds.
constexpr uint64_t kNamesPerAsk = 65536;
// Looking at one name in so many by their order takes as long as searching all of them.
constexpr uint64_t kPrefixShare = 8;
// Cells of the tables of distances for one suggestion, at a few nanoseconds each: 400,000 names of usual sizes take far
// fewer, but a board could be made of names that are all as long as the one that is looked for.
constexpr size_t kCellsMax = 100'000'000;
// Names of relations that are near enough, and are asked which tags they mean.
constexpr size_t kRelatedAskedMax = 64;

// EditDistance until that many cells are spent; from then on no name is near.
class BoundedDistance {
 public:
  size_t operator()(std::string_view a, std::string_view b, size_t limit) {
    const size_t longer = std::max(a.size(), b.size());
    if (longer - std::min(a.size(), b.size()) > limit || cell_count_ > kCellsMax) return limit + 1;
    cell_count_ += longer * (2 * limit + 1);
    return EditDistance(a, b, limit);
  }

 private:
  size_t cell_count_ = 0;
};

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
  // Capitals by themselves are one slip, however many there are.
  std::string lowered(name);
  absl::AsciiStrToLower(&lowered);
  if (lowered != name) {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> tags, Find(lowered));
    if (!tags.empty()) return std::vector<std::string>{lowered};
  }
  BoundedDistance bounded;
  const auto distance = [&](std::string_view known, size_t limit) { return bounded(name, known, limit); };
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> names, SuggestByDistance(name.size(), distance));
  if (names.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(names, SuggestHolding(name));
  }
  return names.empty() ? SuggestByBeginning(name) : names;
}

absl::StatusOr<std::vector<std::string>> TagNames::SuggestFor(const Glob& pattern) const {
  const std::string_view part = pattern.longest_part();
  if (part.size() > kSuggestSizeBytesMax) return std::vector<std::string>();
  const bool is_beginning = part == pattern.prefix();
  const bool is_end = part == pattern.suffix();
  BoundedDistance bounded;
  const auto distance_from = [&](std::string_view text, std::string_view known, size_t limit) {
    size_t smallest = bounded(text, known, limit);
    const size_t size = std::min(text.size(), known.size());
    if (is_beginning) smallest = std::min(smallest, bounded(text, known.substr(0, size), limit));
    if (is_end) smallest = std::min(smallest, bounded(text, known.substr(known.size() - size), limit));
    return smallest;
  };
  // As for a name, capitals by themselves are one slip.
  const std::string lowered = absl::AsciiStrToLower(absl::string_view(part.data(), part.size()));
  const auto distance = [&](std::string_view known, size_t limit) {
    const size_t as_written = distance_from(part, known, limit);
    return lowered == part ? as_written : std::min(as_written, 1 + distance_from(lowered, known, limit));
  };
  return SuggestByDistance(part.size(), distance);
}

absl::StatusOr<int64_t> TagNames::UseCountOf(std::string_view name) const {
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts, snapshot_.tag_table().PostCounts());
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<uint32_t> tags, Find(name));
  int64_t count = 0;
  for (const uint32_t tag : tags) count += post_counts[tag];
  return count;
}

absl::StatusOr<std::vector<std::string>> TagNames::SuggestByDistance(size_t size_bytes, Distance distance) const {
  // One slip in four letters, and none where there are fewer than three: every short tag would do.
  const size_t limit = size_bytes < 3 ? 0 : std::min(kDistanceMax, std::max<size_t>(1, size_bytes / 4));
  if (limit == 0) return std::vector<std::string>();
  using Candidate = std::tuple<size_t, int64_t, std::string_view>;  // distance, posts (negative), name
  std::vector<Candidate> candidates;                                // ascending, the first few
  const auto add = [&](Candidate candidate) {
    if (std::find(candidates.begin(), candidates.end(), candidate) != candidates.end()) return;
    candidates.insert(std::upper_bound(candidates.begin(), candidates.end(), candidate), candidate);
    if (candidates.size() > kSuggestionCountMax) candidates.pop_back();
  };
  const snapshot_file::TagTable& tags = snapshot_.tag_table();
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts, tags.PostCounts());
  for (uint64_t i = 0; i < tags.size(); ++i) {
    if (i % kNamesPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
    std::string_view known;
    MILLRACE_RETURN_IF_ERROR(tags.NameOf(i, &known));
    const size_t found = distance(known, limit);
    if (found <= limit) add({found, -post_counts[i], known});
  }
  MILLRACE_ASSIGN_OR_RETURN(const TagRelations* const relations, snapshot_.relations());
  std::vector<std::pair<size_t, std::string_view>> related;
  relations->ForEachName([&](std::string_view known) {
    const size_t found = distance(known, limit);
    if (found <= limit) related.emplace_back(found, known);
  });
  // What a name means takes a walk over the relations, so a bounded number of them is asked for it.
  const auto asked_end = related.begin() + static_cast<ptrdiff_t>(std::min(related.size(), kRelatedAskedMax));
  std::partial_sort(related.begin(), asked_end, related.end());
  for (auto name = related.begin(); name != asked_end; ++name) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
    MILLRACE_ASSIGN_OR_RETURN(const bool is_carried, IsCarried(name->second));
    if (is_carried) continue;  // was found above
    MILLRACE_ASSIGN_OR_RETURN(const int64_t use_count, UseCountOf(name->second));
    if (use_count > 0) add({name->first, -use_count, name->second});
  }
  std::vector<std::string> names;
  for (const auto& [found, posts, known] : candidates) {
    // Much nearer ones make the others unlikely.
    if (found == std::get<0>(candidates.front()) && std::find(names.begin(), names.end(), known) == names.end()) {
      names.emplace_back(known);
    }
  }
  return names;
}

absl::StatusOr<std::vector<std::string>> TagNames::SuggestHolding(std::string_view name) const {
  std::vector<std::string> names;
  if (name.size() < kHeldSizeBytesMin) return names;
  const absl::string_view text(name.data(), name.size());
  const std::string escaped = absl::StrReplaceAll(text, {{"\\", "\\\\"}, {"*", "\\*"}, {"\"", "\\\""}});
  MILLRACE_ASSIGN_OR_RETURN(std::vector<uint32_t> tags, FindCarried(Glob(absl::StrCat("*", escaped, "*"))));
  MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts, snapshot_.tag_table().PostCounts());
  std::stable_sort(tags.begin(), tags.end(), [&](uint32_t a, uint32_t b) { return post_counts[a] > post_counts[b]; });
  for (const uint32_t tag : tags) {
    std::string_view known;
    MILLRACE_RETURN_IF_ERROR(snapshot_.tag_table().NameOf(tag, &known));
    if (std::find(names.begin(), names.end(), known) == names.end()) names.emplace_back(known);
    if (names.size() == kSuggestionCountMax) break;
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
