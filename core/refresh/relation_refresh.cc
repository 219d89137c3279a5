#include "core/refresh/relation_refresh.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/refresh/board_relations.h"

namespace millrace {
namespace {

constexpr TagRelationKind kKinds[] = {TagRelationKind::kAlias, TagRelationKind::kImplication};
constexpr int kEmptyInRowAtEnd = 2;
constexpr int64_t kRelationsPerRead = 10'000;
// The dataset's relations that a board dropped; any word but "active" would do.
constexpr char kDeletedStatus[] = "deleted";

using Key = std::tuple<TagRelationKind, std::string_view, std::string_view>;
Key KeyOf(const TagRelation& relation) { return {relation.kind, relation.antecedent, relation.consequent}; }

const char* PluralOf(TagRelationKind kind) { return kind == TagRelationKind::kAlias ? "aliases" : "implications"; }

// A board has thousands of either kind. One that lists none gives an answer of its own making (a proxy's, an error's),
// and believing it would take all from the dataset.
absl::Status CheckNoKindIsGone(const SourceSettings& settings, const std::vector<TagRelation>& told,
                               const std::vector<TagRelation>& known) {
  for (const TagRelationKind kind : kKinds) {
    const auto is_of_kind = [kind](const TagRelation& relation) { return relation.kind == kind; };
    if (std::any_of(told.begin(), told.end(), is_of_kind)) continue;
    const int64_t known_count = std::count_if(known.begin(), known.end(), is_of_kind);
    if (known_count == 0) continue;
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat(settings.address, " lists no ", PluralOf(kind), ", while the dataset ",
                                  settings.dataset, " has ", known_count,
                                  ": that is taken to be the board's mistake, and nothing was changed. Refresh again; "
                                  "if the board has none indeed, import a list that says so."));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status RelationRefresh::Take(std::vector<TagRelation> page, std::vector<TagRelation>* relations) {
  for (TagRelation& relation : page) {
    text_bytes_ +=
        relation.antecedent.size() + relation.consequent.size() + relation.status.size() + relation.extra_json.size();
    relations->push_back(std::move(relation));
  }
  if (relations->size() > limits_.relation_count_max) {
    return MakeError(Reason::kFileInvalid, absl::StrCat("the board lists more than ", limits_.relation_count_max,
                                                        " aliases and implications, more than any board has"));
  }
  if (text_bytes_ > limits_.text_bytes_max) {
    return MakeError(Reason::kFileInvalid, absl::StrCat("the board's aliases and implications have more than ",
                                                        limits_.text_bytes_max, " bytes, more than any board's"));
  }
  return absl::OkStatus();
}

absl::Status RelationRefresh::FetchKind(const SourceSettings& settings, TagRelationKind kind,
                                        const std::function<bool()>& cancelled, std::vector<TagRelation>* relations) {
  int64_t after_id = 0;
  int empty_in_row = 0;
  for (int64_t page_count = 0; page_count < limits_.pages_per_kind_max; ++page_count) {
    RelationsPage page;
    const auto take = [&](const std::string& body) -> absl::Status {
      MILLRACE_ASSIGN_OR_RETURN(page, ParseRelations(kind, after_id, body));
      return absl::OkStatus();
    };
    MILLRACE_RETURN_IF_ERROR(fetcher_.Get(MakeRelationsRequest(settings, kind, after_id), take, cancelled));
    if (page.max_id == 0) {
      if (++empty_in_row == kEmptyInRowAtEnd) return absl::OkStatus();
      continue;
    }
    empty_in_row = 0;
    after_id = page.max_id;
    MILLRACE_RETURN_IF_ERROR(Take(std::move(page.relations), relations));
  }
  return MakeError(Reason::kFileInvalid, absl::StrCat("the board's ", PluralOf(kind), " have no end within ",
                                                      limits_.pages_per_kind_max, " pages, more than any board has"));
}

absl::StatusOr<std::vector<TagRelation>> RelationRefresh::Fetch(const SourceSettings& settings,
                                                                const std::function<bool()>& cancelled) {
  text_bytes_ = 0;
  std::vector<TagRelation> relations;
  for (const TagRelationKind kind : kKinds) {
    MILLRACE_RETURN_IF_ERROR(FetchKind(settings, kind, cancelled, &relations));
  }
  return relations;
}

absl::StatusOr<std::vector<TagRelation>> RelationRefresh::ReadActive(const std::string& dataset) {
  std::vector<TagRelation> active;
  std::optional<TagRelationCursor> after;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<TagRelation> some,
                              catalog_.ListTagRelations(dataset, after, kRelationsPerRead));
    if (some.empty()) return active;
    after = TagRelationCursor{static_cast<int64_t>(some.back().kind), some.back().antecedent, some.back().consequent};
    std::copy_if(some.begin(), some.end(), std::back_inserter(active), IsActive);
  }
}

absl::StatusOr<bool> RelationRefresh::Write(const SourceRecord& source, int64_t run_id,
                                            const std::vector<TagRelation>& told) {
  const SourceSettings& settings = source.settings;
  MILLRACE_ASSIGN_OR_RETURN(std::vector<TagRelation> gone, ReadActive(settings.dataset));
  const size_t active_count = gone.size();
  MILLRACE_RETURN_IF_ERROR(CheckNoKindIsGone(settings, told, gone));
  std::set<Key> told_keys;
  for (const TagRelation& relation : told) told_keys.insert(KeyOf(relation));
  std::erase_if(gone, [&](const TagRelation& relation) { return told_keys.contains(KeyOf(relation)); });
  // What a board counts or notes about its relations changes daily, and tells nothing of the tags.
  if (gone.empty() && active_count == told_keys.size()) return false;
  ImportSpec spec;
  spec.dataset = settings.dataset;
  spec.request_id = absl::StrCat("refresh-", settings.name, "-", run_id, "-relations");
  spec.format = static_cast<int32_t>(PageFormatOf(settings.kind));
  MILLRACE_ASSIGN_OR_RETURN(BegunImport begun, catalog_.BeginImport(spec));
  auto* const session = std::get_if<std::unique_ptr<ImportSession>>(&begun);
  if (session == nullptr) return MakeError(Reason::kInternal, "a refresh has the relations of another one");
  // All of them, not those that are new alone: then they are checked against each other, too.
  int64_t number = 0;
  for (const TagRelation& relation : told) {
    MILLRACE_RETURN_IF_ERROR((*session)->StageTagRelation(relation, {0, ++number}));
  }
  for (TagRelation& relation : gone) {
    relation.status = kDeletedStatus;
    MILLRACE_RETURN_IF_ERROR((*session)->StageTagRelation(relation, {0, ++number}));
  }
  ImportCounts counts;
  counts.format = spec.format;
  counts.refreshed_source_id = source.id;
  MILLRACE_RETURN_IF_ERROR((*session)->Commit(counts).status());
  return true;
}

}  // namespace millrace
