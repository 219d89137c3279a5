// Runs of sources, and pages to try again. Functions on one connection, to be called within a transaction of it.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/source.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Of each source so many runs are kept, the newest: one with an interval of a minute makes half a million a year.
inline constexpr int64_t kRunsKeptMax = 1000;

// Adds a running run, and forgets the oldest.
absl::StatusOr<int64_t> AddRun(Database& database, const SourceRecord& source, RunTrigger trigger, int64_t now_us);
// Adds to the counts of a running run.
absl::Status AddRunCounts(Database& database, int64_t run_id, const RefreshCounts& counts, int64_t last_position);
absl::Status EndRunRow(Database& database, int64_t run_id, RunState state, const absl::Status& error, int64_t now_us);
absl::Status SetRunWarning(Database& database, int64_t run_id, std::string_view warning);
absl::Status SetRunSnapshot(Database& database, int64_t run_id, std::string_view digest);
// Runs that the records call running, when the catalog is opened: a kill ended them.
absl::Status StopDeadRuns(Database& database, int64_t now_us);

// The same for one source, when its next run begins: the end of the one before could not be recorded.
absl::Status StopUnendedRuns(Database& database, int64_t source_id, int64_t now_us);
absl::StatusOr<bool> HasRunningRun(Database& database, int64_t source_id);

absl::StatusOr<RunRecord> ReadRun(Database& database, int64_t run_id);
// Newest first. `source_id` absent: of all. `before_id` absent: from the newest.
absl::StatusOr<std::vector<RunRecord>> ReadRuns(Database& database, std::optional<int64_t> source_id,
                                                std::optional<int64_t> before_id, int64_t limit);

// Of the same after_id the new one stands, and the attempts add up.
absl::Status PutFailedPage(Database& database, int64_t source_id, const FailedPage& page);
// Those that lie within (after_id, until_id], and the one that begins at after_id.
absl::Status RemoveFailedPages(Database& database, int64_t source_id, int64_t after_id, int64_t until_id);
// Those to try again by `now_us`, ascending; at most `limit`.
absl::StatusOr<std::vector<FailedPage>> ReadFailedPages(Database& database, int64_t source_id, int64_t now_us,
                                                        int64_t limit);

}  // namespace millrace
