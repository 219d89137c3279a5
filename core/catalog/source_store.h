// The catalog's part for refreshing: sources, their runs, and pages of posts that are written at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/catalog/source.h"

namespace millrace {

class Connections;
class LiveImports;

struct AddedSource {
  SourceRecord record;
  bool created = false;
};

// Thread-safe, like the catalog that it belongs to. Every call may wait for the disk.
class SourceStore {
 public:
  // All borrowed.
  SourceStore(Connections* connections, LiveImports* live_imports, std::function<int64_t()> now_us)
      : connections_(*connections), live_imports_(*live_imports), now_us_(std::move(now_us)) {}

  // `position`: behind which its first refresh begins. When there is one of the name with the same settings, that one,
  // wherever it stands. kSourceExists when its settings are others.
  absl::StatusOr<AddedSource> Add(const SourceSettings& settings, int64_t position = 0);
  // kSourceNotFound, here and wherever a source is named.
  absl::StatusOr<SourceRecord> Get(std::string_view name);
  // By name, behind `after`.
  absl::StatusOr<std::vector<SourceRecord>> List(std::string_view after, int64_t limit);
  // `change` may alter what UpdateSourceRow writes; an error of it changes nothing.
  absl::StatusOr<SourceRecord> Update(std::string_view name, const std::function<absl::Status(SourceRecord*)>& change);
  // The same for a change of the position, which a run moves: kRefreshRunning while there is one. A run that begins
  // behind it begins where it says. One that ended and could not say so is none, and is noted as stopped.
  absl::StatusOr<SourceRecord> UpdateWithPosition(std::string_view name,
                                                  const std::function<absl::Status(SourceRecord*)>& change);
  // With its runs. The dataset stays.
  absl::Status Delete(std::string_view name);

  // The caller sees to it that a source has one run at a time: one that the records call running still is stopped.
  absl::StatusOr<BegunRun> BeginRun(const SourceRecord& source, RunTrigger trigger);
  // `error` OK: done. kCancelled and kShuttingDown: stopped. Otherwise failed. The run is over whatever this returns.
  absl::StatusOr<RunRecord> EndRun(int64_t run_id, const absl::Status& error);
  // It holds all that the source's runs changed: HasUncompiledTags is false from then on.
  absl::Status SetSnapshot(int64_t source_id, int64_t run_id, std::string_view digest);
  // Whether runs of the source changed tags or their relations, and no snapshot was set since.
  absl::StatusOr<bool> HasUncompiledTags(int64_t source_id);
  // Newest first, behind the run `before_id`. `source` empty: of all.
  absl::StatusOr<std::vector<RunRecord>> ListRuns(std::string_view source, std::optional<int64_t> before_id,
                                                  int64_t limit);

  // Writes a page in one transaction, all or nothing: posts that are new or differ from what is stored, their tags, the
  // counts of the dataset and the run, and the position. Posts that are the same are not written. Readers see the page
  // as a whole or not at all. Returns what it counted. kImportRunning while an import into the dataset runs.
  // Removes first what failed imports left in a dataset that the page is the first to show.
  absl::StatusOr<RefreshCounts> WritePage(const PageWrite& page);
  // Notes the page, moves the cursor to `cursor` (absent: it stays; the position: what was skipped behind it is asked
  // for again) and counts. The position stays.
  absl::Status SkipPage(int64_t source_id, int64_t run_id, const FailedPage& page, std::optional<int64_t> cursor);
  // The board has nothing behind the position: the cursor goes back there, and pages that were noted behind it are none
  // to try again.
  absl::Status EndBoard(int64_t source_id);
  absl::StatusOr<std::vector<FailedPage>> ListFailedPages(int64_t source_id, int64_t due_at_us, int64_t limit);

  // Where a source stands in its board's order of changes, without a page; a failure of before is over.
  absl::Status MoveChanges(int64_t source_id, const ChangeMove& move);
  // A page of changes failed, and is to be asked for again at `retry_at_us`. Counts it as a failed page.
  absl::Status NoteChangesFailed(int64_t source_id, int64_t run_id, int64_t retry_at_us);
  absl::Status WarnRun(int64_t run_id, std::string_view warning);

  // Names of tags of the source's dataset that have no category and that its board is to be asked about, ascending: all
  // but those that it was asked about not long ago. None when there is no dataset yet.
  absl::StatusOr<std::vector<std::string>> ListTagsToAsk(int64_t source_id, int64_t limit);
  // Writes what a board told of tags as a list of tags is written, and remembers the names it told no category of.
  // All or nothing. Returns how many tags changed. kImportRunning while an import into the dataset runs.
  absl::StatusOr<int64_t> WriteTagLookup(const TagLookup& lookup);
  // Remembers the names; they make the source's next retry.
  absl::Status NoteTagLookupFailed(const FailedTagLookup& lookup);
  // Forgets failures about names that got a category by other ways meanwhile, and are no reason for a retry any more.
  absl::Status ForgetAnsweredTags(int64_t source_id);
  // Whether the board was asked for its whole list of tags within the last `within_us`.
  absl::StatusOr<bool> WasTagListAsked(int64_t source_id, int64_t within_us);
  absl::Status NoteTagListAsked(int64_t source_id);
  // Notes that aliases and implications are what the board lists, as of `ago_us` before now. (That they were changed
  // is noted with the import that does it: ImportCounts::refreshed_source_id.)
  absl::Status NoteRelationsFetched(int64_t source_id, int64_t ago_us);

 private:
  absl::StatusOr<SourceRecord> Change(std::string_view name, bool moves,
                                      const std::function<absl::Status(SourceRecord*)>& change);
  absl::Status SweepFailedImports(int64_t dataset_id);
  bool IsLive(int64_t source_id) const ABSL_LOCKS_EXCLUDED(mutex_);

  Connections& connections_;
  LiveImports& live_imports_;
  const std::function<int64_t()> now_us_;
  mutable Mutex mutex_;
  // The runs that are at work, by source: the end of one may not come to the disk.
  absl::flat_hash_map<int64_t, int64_t> live_runs_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
