#include "core/refresh/tag_lookup.h"

#include <algorithm>
#include <utility>

#include "core/base/error.h"
#include "core/refresh/board_tags.h"

namespace millrace {
namespace {

// What one write takes: it holds the catalog's write lock for some milliseconds.
constexpr size_t kNamesPerWriteMax = 1000;

// Ascending by name, each name once; of the same name the last.
std::vector<TagFact> InOrder(std::vector<TagFact> facts) {
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
                                                     absl::Span<const std::string> names,
                                                     const std::function<bool()>& cancelled) {
  std::vector<TagFact> facts;
  const auto take = [&](const std::string& body) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(facts, ParseTags(source.settings.kind, names, body));
    return absl::OkStatus();
  };
  MILLRACE_RETURN_IF_ERROR(fetcher_.Get(request, take, cancelled));
  return InOrder(std::move(facts));
}

absl::Status TagLookups::Put(const SourceRecord& source, absl::Span<const std::string> asked,
                             std::vector<TagFact> facts, int64_t request_count) {
  TagLookup lookup;
  lookup.source_id = source.id;
  lookup.run_id = run_id_;
  lookup.asked.assign(asked.begin(), asked.end());
  lookup.facts = std::move(facts);
  lookup.request_count = request_count;
  lookup.ask_again_after_us = absl::ToInt64Microseconds(kAskAgainAfter);
  MILLRACE_ASSIGN_OR_RETURN(const int64_t changed_count, write_(lookup));
  changed_count_ += changed_count;
  return absl::OkStatus();
}

absl::Status TagLookups::PutOff(const SourceRecord& source, absl::Span<const std::string> asked) {
  FailedTagLookup lookup;
  lookup.source_id = source.id;
  lookup.run_id = run_id_;
  lookup.asked.assign(asked.begin(), asked.end());
  lookup.ask_again_after_us = absl::ToInt64Microseconds(kAskFailedAgainAfter);
  lookup.ask_again_after_us_max = absl::ToInt64Microseconds(kAskFailedAgainAfterMax);
  return store_.NoteTagLookupFailed(lookup);
}

absl::Status TagLookups::TakeWholeList(const SourceRecord& source, std::vector<std::string>* names,
                                       const std::function<bool()>& cancelled) {
  absl::StatusOr<std::vector<TagFact>> facts = Ask(source, MakeTagListRequest(source.settings), *names, cancelled);
  if (ReasonOf(facts.status()) == Reason::kCancelled) return facts.status();
  // Too long or too slow for the board or for us: name by name it works, or tells what is wrong.
  if (!facts.ok()) {
    MILLRACE_RETURN_IF_ERROR(PutOff(source, {}));
    return store_.NoteTagListAsked(source.id);
  }
  std::vector<std::string> told;
  for (const TagFact& fact : *facts) told.push_back(fact.name);
  size_t begin = 0;
  do {
    const size_t count = std::min(kNamesPerWriteMax, told.size() - begin);
    const auto first = facts->begin() + static_cast<std::ptrdiff_t>(begin);
    MILLRACE_RETURN_IF_ERROR(Put(source, absl::MakeConstSpan(told).subspan(begin, count),
                                 {first, first + static_cast<std::ptrdiff_t>(count)}, begin == 0 ? 1 : 0));
    begin += count;
  } while (begin < told.size());
  // When there are more names than a run takes, and the list tells most, the next run is to take it again.
  const bool is_more_to_come =
      static_cast<int64_t>(names->size()) == kNamesPerRunMax && 2 * told.size() > names->size();
  if (!is_more_to_come) MILLRACE_RETURN_IF_ERROR(store_.NoteTagListAsked(source.id));
  // Those that it leaves out are asked about by name: a board may give less than all.
  std::erase_if(*names, [&](const std::string& name) { return std::binary_search(told.begin(), told.end(), name); });
  return absl::OkStatus();
}

absl::Status TagLookups::AskByName(const SourceRecord& source, absl::Span<const std::string> names,
                                   int64_t request_count_max, const std::function<bool()>& cancelled) {
  absl::Status first_error;
  int failed_in_row = 0;
  for (int64_t request_count = 0; !names.empty() && request_count < request_count_max; ++request_count) {
    size_t count = 0;
    const PageRequest request = MakeTagRequest(source.settings, names, &count);
    const absl::Span<const std::string> asked = names.subspan(0, count);
    names.remove_prefix(count);
    absl::StatusOr<std::vector<TagFact>> facts = Ask(source, request, asked, cancelled);
    if (facts.ok()) {
      failed_in_row = 0;
      MILLRACE_RETURN_IF_ERROR(Put(source, asked, *std::move(facts), 1));
      continue;
    }
    if (ReasonOf(facts.status()) == Reason::kCancelled) return facts.status();
    // Put off: otherwise the next run, too, would begin with these, and come to no others.
    MILLRACE_RETURN_IF_ERROR(PutOff(source, asked));
    if (first_error.ok()) first_error = facts.status();
    if (++failed_in_row == kFailedInRowMax) break;
  }
  return first_error;
}

absl::Status TagLookups::Run(const SourceRecord& source, int64_t run_id, int64_t page_count,
                             const std::function<bool()>& cancelled) {
  changed_count_ = 0;
  run_id_ = run_id;
  if (!HasTagLookup(source.settings.kind)) return absl::OkStatus();
  MILLRACE_RETURN_IF_ERROR(store_.ForgetAnsweredTags(source.id));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<std::string> names, store_.ListTagsToAsk(source.id, kNamesPerRunMax));
  int64_t request_count_max = std::max(kRequestsPerRunMax, page_count);
  if (HasWholeTagList(source.settings.kind) && names.size() > kOneByOneMax) {
    MILLRACE_ASSIGN_OR_RETURN(const bool was_asked,
                              store_.WasTagListAsked(source.id, absl::ToInt64Microseconds(kWholeListInterval)));
    if (!was_asked) {
      --request_count_max;
      MILLRACE_RETURN_IF_ERROR(TakeWholeList(source, &names, cancelled));
    }
  }
  return AskByName(source, names, request_count_max, cancelled);
}

}  // namespace millrace
