#include "core/refresh/tag_lookup.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/refresh/board_tags.h"

namespace millrace {
namespace {

// What one write takes: it holds the catalog's write lock for some milliseconds.
constexpr size_t kNamesPerWriteMax = 1000;

// The facts of `names`, which ascend; of the same name the last. Ascending, each name once.
std::vector<TagFact> FactsOf(absl::Span<const std::string> names, std::vector<TagFact> facts) {
  std::erase_if(facts, [&](const TagFact& fact) { return !std::binary_search(names.begin(), names.end(), fact.name); });
  std::stable_sort(facts.begin(), facts.end(), [](const TagFact& a, const TagFact& b) { return a.name < b.name; });
  std::vector<TagFact> unique;
  for (TagFact& fact : facts) {
    if (!unique.empty() && unique.back().name == fact.name) unique.pop_back();
    unique.push_back(std::move(fact));
  }
  return unique;
}

}  // namespace

absl::StatusOr<std::vector<TagFact>> TagLookups::Ask(const SourceRecord& source, const PageRequest& request,
                                                     const std::function<bool()>& cancelled) {
  std::vector<TagFact> facts;
  const auto take = [&](const std::string& body) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(facts, ParseTags(source.settings.kind, body));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(fetcher_.Get(request, take, cancelled));
  return facts;
}

absl::Status TagLookups::Put(const SourceRecord& source, absl::Span<const std::string> asked,
                             std::vector<TagFact> facts) {
  TagLookup lookup;
  lookup.source_id = source.id;
  lookup.asked.assign(asked.begin(), asked.end());
  lookup.facts = FactsOf(asked, std::move(facts));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t changed_count, write_(lookup));
  changed_count_ += changed_count;
  return absl::OkStatus();
}

absl::Status TagLookups::TakeWholeList(const SourceRecord& source, std::vector<std::string>* names,
                                       const std::function<bool()>& cancelled) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<TagFact> facts, Ask(source, MakeTagListRequest(source.settings), cancelled));
  facts = FactsOf(*names, std::move(facts));
  std::vector<std::string> told;
  for (const TagFact& fact : facts) told.push_back(fact.name);
  for (size_t begin = 0; begin < told.size(); begin += kNamesPerWriteMax) {
    const size_t count = std::min(kNamesPerWriteMax, told.size() - begin);
    const auto first = facts.begin() + static_cast<std::ptrdiff_t>(begin);
    MILLRACE_RETURN_IF_ERROR(Put(source, absl::MakeConstSpan(told).subspan(begin, count),
                                 {first, first + static_cast<std::ptrdiff_t>(count)}));
  }
  // Those that it leaves out are asked about by name: a board may give less than all.
  std::erase_if(*names, [&](const std::string& name) { return std::binary_search(told.begin(), told.end(), name); });
  return absl::OkStatus();
}

absl::Status TagLookups::Run(const SourceRecord& source, int64_t page_count, const std::function<bool()>& cancelled) {
  changed_count_ = 0;
  if (!HasTagLookup(source.settings.kind)) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(
      std::vector<std::string> names,
      store_.ListTagsToAsk(source.id, absl::ToInt64Microseconds(kAskAgainAfter), kNamesPerRunMax));
  int64_t request_count = 0;
  if (HasWholeTagList(source.settings.kind) && names.size() > kOneByOneMax) {
    ++request_count;
    MILLRACE_RETURN_IF_ERROR(TakeWholeList(source, &names, cancelled));
  }
  const int64_t request_count_max = std::max(kRequestsPerRunMax, page_count);
  for (absl::Span<const std::string> left = names; !left.empty() && request_count < request_count_max;
       ++request_count) {
    size_t count = 0;
    const PageRequest request = MakeTagRequest(source.settings, left, &count);
    MILLRACE_ASSIGN_OR_RETURN(std::vector<TagFact> facts, Ask(source, request, cancelled));
    MILLRACE_RETURN_IF_ERROR(Put(source, left.subspan(0, count), std::move(facts)));
    left.remove_prefix(count);
  }
  return absl::OkStatus();
}

}  // namespace millrace
