#include "core/catalog/source_store.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/thread_priority.h"
#include "core/catalog/connections.h"
#include "core/catalog/dataset_rows.h"
#include "core/catalog/import_begin.h"
#include "core/catalog/page_writer.h"
#include "core/catalog/refresh_rows.h"
#include "core/catalog/source_notes.h"
#include "core/catalog/source_rows.h"
#include "core/catalog/sweep.h"

namespace millrace {
namespace {

RunState StateBehind(const absl::Status& error) {
  if (error.ok()) return RunState::kDone;
  const Reason reason = ReasonOf(error);
  const bool is_stopped = reason == Reason::kCancelled || reason == Reason::kShuttingDown;
  return is_stopped ? RunState::kStopped : RunState::kFailed;
}

}  // namespace

absl::StatusOr<AddedSource> SourceStore::Add(const SourceSettings& settings, int64_t position) {
  AddedSource added;
  MILLRACE_RETURN_IF_ERROR(connections_.Write([&](Database& database) -> absl::Status {
    absl::StatusOr<SourceRecord> known = ReadSource(database, settings.name);
    if (known.ok()) {
      added.record = *std::move(known);
      if (added.record.settings == settings) return absl::OkStatus();
      return MakeError(Reason::kSourceExists,
                       absl::StrCat("there is a source ", settings.name,
                                    " with other settings. Change it with UpdateSource, or choose another name."),
                       {{"source", settings.name}});
    }
    if (ReasonOf(known.status()) != Reason::kSourceNotFound) return known.status();
    MILLRACE_RETURN_IF_ERROR(AddSourceRow(database, settings, position, now_us_()));
    added.created = true;
    MILLRACE_ASSIGN_OR_RETURN(added.record, ReadSource(database, settings.name));
    return absl::OkStatus();
  }));
  return added;
}

absl::StatusOr<SourceRecord> SourceStore::Get(std::string_view name) {
  SourceRecord record;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(record, ReadSource(database, name));
    return absl::OkStatus();
  }));
  return record;
}

absl::StatusOr<std::vector<SourceRecord>> SourceStore::List(std::string_view after, int64_t limit) {
  std::vector<SourceRecord> records;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(records, ReadSources(database, after, limit));
    return absl::OkStatus();
  }));
  return records;
}

absl::StatusOr<SourceRecord> SourceStore::Update(std::string_view name,
                                                 const std::function<absl::Status(SourceRecord*)>& change) {
  return Change(name, /*moves=*/false, change);
}

absl::StatusOr<SourceRecord> SourceStore::UpdateWithPosition(std::string_view name,
                                                             const std::function<absl::Status(SourceRecord*)>& change) {
  return Change(name, /*moves=*/true, change);
}

absl::StatusOr<SourceRecord> SourceStore::Change(std::string_view name, bool moves,
                                                 const std::function<absl::Status(SourceRecord*)>& change) {
  SourceRecord record;
  MILLRACE_RETURN_IF_ERROR(connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(record, ReadSource(database, name));
    MILLRACE_ASSIGN_OR_RETURN(const bool is_running, HasRunningRun(database, record.id));
    // The records may call a run running whose end the disk had no room for.
    if (moves && is_running && !IsLive(record.id)) {
      MILLRACE_RETURN_IF_ERROR(StopUnendedRuns(database, record.id, now_us_()));
    } else if (moves && is_running) {
      return MakeError(Reason::kRefreshRunning,
                       absl::StrCat("the source ", record.settings.name,
                                    " is being refreshed, which moves its position; set it when that is over"),
                       {{"source", record.settings.name}});
    }
    MILLRACE_RETURN_IF_ERROR(change(&record));
    MILLRACE_RETURN_IF_ERROR(UpdateSourceRow(database, record, now_us_()));
    MILLRACE_ASSIGN_OR_RETURN(record, ReadSource(database, name));
    return absl::OkStatus();
  }));
  return record;
}

absl::Status SourceStore::Delete(std::string_view name) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord record, ReadSource(database, name));
    return DeleteSourceRow(database, record.id);
  });
}

absl::StatusOr<BegunRun> SourceStore::BeginRun(const SourceRecord& source, RunTrigger trigger) {
  BegunRun begun;
  const absl::Status status = connections_.Write([&](Database& database) -> absl::Status {
    // As it is now: between the caller's look and this it may have been changed or deleted.
    MILLRACE_ASSIGN_OR_RETURN(begun.source, ReadSourceById(database, source.id));
    MILLRACE_RETURN_IF_ERROR(StopUnendedRuns(database, source.id, now_us_()));
    MILLRACE_ASSIGN_OR_RETURN(const int64_t run_id, AddRun(database, begun.source, trigger, now_us_()));
    MILLRACE_ASSIGN_OR_RETURN(begun.run, ReadRun(database, run_id));
    // Before anybody sees the record.
    MutexLock lock(mutex_);
    live_runs_[source.id] = run_id;
    return absl::OkStatus();
  });
  if (status.ok()) return begun;
  MutexLock lock(mutex_);
  live_runs_.erase(source.id);
  return status;
}

absl::StatusOr<RunRecord> SourceStore::EndRun(int64_t run_id, const absl::Status& error) {
  RunRecord run;
  const absl::Status status = connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(EndRunRow(database, run_id, StateBehind(error), error, now_us_()));
    MILLRACE_ASSIGN_OR_RETURN(run, ReadRun(database, run_id));
    return absl::OkStatus();
  });
  {
    MutexLock lock(mutex_);
    absl::erase_if(live_runs_, [run_id](const auto& live) { return live.second == run_id; });
  }
  MILLRACE_RETURN_IF_ERROR(status);
  return run;
}

bool SourceStore::IsLive(int64_t source_id) const {
  MutexLock lock(mutex_);
  return live_runs_.contains(source_id);
}

absl::Status SourceStore::SetSnapshot(int64_t source_id, int64_t run_id, std::string_view digest) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(SetRunSnapshot(database, run_id, digest));
    return RemoveSourceNote(database, source_id, SourceNote::kTagsChanged);
  });
}

absl::StatusOr<bool> SourceStore::HasUncompiledTags(int64_t source_id) {
  std::optional<int64_t> changed_at_us;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(changed_at_us, ReadSourceNote(database, source_id, SourceNote::kTagsChanged));
    return absl::OkStatus();
  }));
  return changed_at_us.has_value();
}

absl::StatusOr<std::vector<RunRecord>> SourceStore::ListRuns(std::string_view source, std::optional<int64_t> before_id,
                                                             int64_t limit) {
  std::vector<RunRecord> runs;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    std::optional<int64_t> source_id;
    if (!source.empty()) {
      MILLRACE_ASSIGN_OR_RETURN(const SourceRecord record, ReadSource(database, source));
      source_id = record.id;
    }
    MILLRACE_ASSIGN_OR_RETURN(runs, ReadRuns(database, source_id, before_id, limit));
    return absl::OkStatus();
  }));
  return runs;
}

absl::StatusOr<RefreshCounts> SourceStore::WritePage(const PageWrite& page) {
  MILLRACE_RETURN_IF_ERROR(connections_.CheckDiskHeadroom());
  while (true) {
    absl::StatusOr<RefreshCounts> counts = RefreshCounts();
    std::optional<int64_t> unswept_dataset_id;
    // Beside streams that fill the cores it would take twice as long, and whoever else writes waits for it. Not for
    // longer than the write: threads that are begun behind it would hurry for ever.
    std::optional<Hurry> hurry;
    const absl::Status status = connections_.Write([&](Database& database) -> absl::Status {
      hurry.emplace();
      PageWriter writer(&database, connections_.recent_tags(), &live_imports_, page, now_us_());
      counts = writer.Write();
      unswept_dataset_id = writer.unswept_dataset_id();
      return counts.status();
    });
    hurry.reset();
    if (status.ok()) {
      connections_.NotePage();
      return counts;
    }
    if (!unswept_dataset_id.has_value()) return status;
    MILLRACE_RETURN_IF_ERROR(SweepFailedImports(*unswept_dataset_id));
  }
}

absl::Status SourceStore::SweepFailedImports(int64_t dataset_id) {
  MILLRACE_RETURN_IF_ERROR(
      connections_.Write([&](Database& database) { return FailDeadImports(database, live_imports_); }));
  return SweepImports(connections_, dataset_id);
}

absl::Status SourceStore::SkipPage(int64_t source_id, int64_t run_id, const FailedPage& page,
                                   std::optional<int64_t> cursor) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, source_id));
    MILLRACE_RETURN_IF_ERROR(PutFailedPage(database, source_id, page));
    if (cursor.has_value()) MILLRACE_RETURN_IF_ERROR(MoveSource(database, source_id, source.position, *cursor));
    return AddRunCounts(database, run_id, {.failed_page_count = 1}, source.position);
  });
}

absl::Status SourceStore::EndBoard(int64_t source_id) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, source_id));
    MILLRACE_RETURN_IF_ERROR(RemoveFailedPages(database, source_id, source.position, INT64_MAX));
    return MoveSource(database, source_id, source.position, source.position);
  });
}

absl::StatusOr<std::vector<FailedPage>> SourceStore::ListFailedPages(int64_t source_id, int64_t due_at_us,
                                                                     int64_t limit) {
  std::vector<FailedPage> pages;
  MILLRACE_RETURN_IF_ERROR(connections_.Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(pages, ReadFailedPages(database, source_id, due_at_us, limit));
    return absl::OkStatus();
  }));
  return pages;
}

absl::Status SourceStore::MoveChanges(int64_t source_id, const ChangeMove& move) {
  return connections_.Write([&](Database& database) { return MoveChangesOfSource(database, source_id, move); });
}

absl::Status SourceStore::NoteChangesFailed(int64_t source_id, int64_t run_id, int64_t retry_at_us) {
  return connections_.Write([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const SourceRecord source, ReadSourceById(database, source_id));
    MILLRACE_RETURN_IF_ERROR(SetChangesRetry(database, source_id, retry_at_us));
    return AddRunCounts(database, run_id, {.failed_page_count = 1}, source.position);
  });
}

absl::Status SourceStore::WarnRun(int64_t run_id, std::string_view warning) {
  return connections_.Write([&](Database& database) { return SetRunWarning(database, run_id, warning); });
}

}  // namespace millrace
