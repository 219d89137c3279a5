// What a SourceStore keeps of tags and their relations.
#include <utility>

#include "core/base/error.h"
#include "core/catalog/connections.h"
#include "core/catalog/dataset_rows.h"
#include "core/catalog/import_begin.h"
#include "core/catalog/refresh_rows.h"
#include "core/catalog/source_notes.h"
#include "core/catalog/source_rows.h"
#include "core/catalog/source_store.h"
#include "core/catalog/tag_facts_rows.h"
#include "core/catalog/tag_lookup_rows.h"

namespace millrace {

absl::StatusOr<std::vector<std::string>> SourceStore::ListTagsToAsk(int64_t source_id, int64_t limit) {
  std::vector<std::string> names;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, source_id));
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<DatasetRow> dataset, ReadDataset(database, source.settings.dataset));
    if (!dataset.has_value()) return absl::OkStatus();
    MILLRACE_ASSIGN_OR_RETURN(names, ReadTagsToAsk(database, dataset->id, source_id, now_us_(), limit));
    return absl::OkStatus();
  }));
  return names;
}

absl::StatusOr<int64_t> SourceStore::WriteTagLookup(const TagLookup& lookup) {
  MILLRACE_RETURN_IF_ERROR(connections_.CheckDiskHeadroom());
  std::vector<const TagFact*> facts;
  facts.reserve(lookup.facts.size());
  for (const TagFact& fact : lookup.facts) facts.push_back(&fact);
  int64_t changed_count = 0;
  MILLRACE_RETURN_IF_ERROR(connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, lookup.source_id));
    MILLRACE_ASSIGN_OR_RETURN(const DatasetRow dataset, FindDataset(database, source.settings.dataset));
    MILLRACE_RETURN_IF_ERROR(CheckNoImportRuns(live_imports_, dataset));
    Stats change;
    ListedCounts listed;  // not told: a run counts the tags that posts use
    MILLRACE_RETURN_IF_ERROR(WriteTagFacts(database, dataset.id, facts, &listed));
    MILLRACE_ASSIGN_OR_RETURN(changed_count,
                              ApplyTagFacts(database, dataset.id, facts, connections_.recent_tags(), &change));
    MILLRACE_RETURN_IF_ERROR(CommitDataset(database, dataset.id, *dataset.committed_import_id, now_us_(), change));
    if (changed_count > 0) {
      MILLRACE_RETURN_IF_ERROR(PutSourceNote(database, source.id, SourceNote::kTagsChanged, now_us_()));
    }
    RefreshCounts counts;
    counts.lookup_request_count = lookup.request_count;
    counts.told_tag_count = static_cast<int64_t>(lookup.facts.size());
    MILLRACE_RETURN_IF_ERROR(AddRunCounts(database, lookup.run_id, counts, source.position));
    return PutAskedTags(database, dataset.id, source.id, lookup.asked, now_us_() + lookup.ask_again_after_us);
  }));
  return changed_count;
}

absl::Status SourceStore::NoteTagLookupFailed(const FailedTagLookup& lookup) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, lookup.source_id));
    MILLRACE_RETURN_IF_ERROR(AddRunCounts(database, lookup.run_id, {.lookup_request_count = 1}, source.position));
    return PutFailedTags(database, lookup, now_us_());
  });
}

absl::Status SourceStore::ForgetAnsweredTags(int64_t source_id) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, source_id));
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<DatasetRow> dataset, ReadDataset(database, source.settings.dataset));
    return dataset.has_value() ? ForgetFailedTags(database, dataset->id, source_id) : absl::OkStatus();
  });
}

absl::StatusOr<bool> SourceStore::WasTagListAsked(int64_t source_id, int64_t within_us) {
  std::optional<int64_t> asked_at_us;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(asked_at_us, ReadSourceNote(database, source_id, SourceNote::kTagListAsked));
    return absl::OkStatus();
  }));
  return asked_at_us.has_value() && *asked_at_us > now_us_() - within_us;
}

absl::Status SourceStore::NoteTagListAsked(int64_t source_id) {
  return connections_.Write(
      [&](Database& database) { return PutSourceNote(database, source_id, SourceNote::kTagListAsked, now_us_()); });
}

absl::Status SourceStore::NoteRelationsFetched(int64_t source_id, int64_t ago_us) {
  return connections_.Write(
      [&](Database& database) { return SetRelationsFetched(database, source_id, now_us_() - ago_us); });
}

}  // namespace millrace
