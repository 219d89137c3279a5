#include "core/catalog/refresh_rows.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

constexpr char kRunColumns[] =
    "SELECT r.id, s.name, r.\"trigger\", r.state, r.started_at_us, r.ended_at_us, r.first_position, r.last_position, "
    "r.page_count, r.new_post_count, r.updated_post_count, r.unchanged_post_count, r.failed_post_count, "
    "r.missing_post_count, r.failed_page_count, r.byte_count, r.snapshot, r.error_reason, r.error_message, "
    "r.lookup_request_count, r.told_tag_count, r.warning "
    "FROM refresh_runs r JOIN sources s ON s.id = r.source_id ";

RunRecord RunOf(Statement& row) {
  RunRecord run;
  run.id = row.Int64(0);
  run.source = std::string(row.Text(1));
  run.trigger = static_cast<RunTrigger>(row.Int64(2));
  run.state = static_cast<RunState>(row.Int64(3));
  run.started_at_us = row.Int64(4);
  run.ended_at_us = row.OptionalInt<int64_t>(5);
  run.first_position = row.Int64(6);
  run.last_position = row.Int64(7);
  run.counts.page_count = row.Int64(8);
  run.counts.new_post_count = row.Int64(9);
  run.counts.updated_post_count = row.Int64(10);
  run.counts.unchanged_post_count = row.Int64(11);
  run.counts.failed_post_count = row.Int64(12);
  run.counts.missing_post_count = row.Int64(13);
  run.counts.failed_page_count = row.Int64(14);
  run.counts.byte_count = row.Int64(15);
  run.snapshot = std::string(row.Text(16));
  run.error_reason = std::string(row.Text(17));
  run.error_message = std::string(row.Text(18));
  run.counts.lookup_request_count = row.Int64(19);
  run.counts.told_tag_count = row.Int64(20);
  run.warning = std::string(row.Text(21));
  return run;
}

absl::Status ForgetOldRuns(Database& database, int64_t source_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove,
      database.PrepareCached("DELETE FROM refresh_runs WHERE source_id = ?1 AND state <> 1 AND id <= (SELECT id FROM "
                             "refresh_runs WHERE source_id = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)"));
  remove.Bind(1, source_id);
  remove.Bind(2, kRunsKeptMax);
  return remove.Run();
}

}  // namespace

void RefreshCounts::Add(const RefreshCounts& other) {
  page_count += other.page_count;
  new_post_count += other.new_post_count;
  updated_post_count += other.updated_post_count;
  unchanged_post_count += other.unchanged_post_count;
  failed_post_count += other.failed_post_count;
  missing_post_count += other.missing_post_count;
  failed_page_count += other.failed_page_count;
  byte_count += other.byte_count;
  lookup_request_count += other.lookup_request_count;
  told_tag_count += other.told_tag_count;
}

absl::StatusOr<int64_t> AddRun(Database& database, const SourceRecord& source, RunTrigger trigger, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT INTO refresh_runs (source_id, \"trigger\", state, started_at_us, first_position, "
                             "last_position) VALUES (?1, ?2, ?3, ?4, ?5, ?5)"));
  insert.Bind(1, source.id);
  insert.Bind(2, static_cast<int64_t>(trigger));
  insert.Bind(3, static_cast<int64_t>(RunState::kRunning));
  insert.Bind(4, now_us);
  insert.Bind(5, source.position);
  MILLRACE_RETURN_IF_ERROR(insert.Run());
  const int64_t run_id = database.last_insert_row();
  MILLRACE_RETURN_IF_ERROR(ForgetOldRuns(database, source.id));
  return run_id;
}

absl::Status AddRunCounts(Database& database, int64_t run_id, const RefreshCounts& counts, int64_t last_position) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached(
          "UPDATE refresh_runs SET page_count = page_count + ?2, new_post_count = new_post_count + ?3, "
          "updated_post_count = updated_post_count + ?4, unchanged_post_count = unchanged_post_count + ?5, "
          "failed_post_count = failed_post_count + ?6, missing_post_count = missing_post_count + ?7, "
          "failed_page_count = failed_page_count + ?8, byte_count = byte_count + ?9, last_position = ?10, "
          "lookup_request_count = lookup_request_count + ?11, told_tag_count = told_tag_count + ?12 WHERE id = ?1"));
  update.Bind(1, run_id);
  update.Bind(2, counts.page_count);
  update.Bind(3, counts.new_post_count);
  update.Bind(4, counts.updated_post_count);
  update.Bind(5, counts.unchanged_post_count);
  update.Bind(6, counts.failed_post_count);
  update.Bind(7, counts.missing_post_count);
  update.Bind(8, counts.failed_page_count);
  update.Bind(9, counts.byte_count);
  update.Bind(10, last_position);
  update.Bind(11, counts.lookup_request_count);
  update.Bind(12, counts.told_tag_count);
  return update.Run();
}

absl::Status EndRunRow(Database& database, int64_t run_id, RunState state, const absl::Status& error, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update, database.PrepareCached("UPDATE refresh_runs SET state = ?2, ended_at_us = ?3, error_reason = "
                                               "?4, error_message = ?5 WHERE id = ?1"));
  update.Bind(1, run_id);
  update.Bind(2, static_cast<int64_t>(state));
  update.Bind(3, now_us);
  update.Bind(4, error.ok() ? std::string_view() : ReasonName(ReasonOf(error)));
  update.Bind(5, std::string_view(error.message().data(), error.message().size()));
  return update.Run();
}

absl::Status SetRunWarning(Database& database, int64_t run_id, std::string_view warning) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update,
                            database.PrepareCached("UPDATE refresh_runs SET warning = ?2 WHERE id = ?1"));
  update.Bind(1, run_id);
  update.Bind(2, warning);
  return update.Run();
}

absl::Status SetRunSnapshot(Database& database, int64_t run_id, std::string_view digest) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update,
                            database.PrepareCached("UPDATE refresh_runs SET snapshot = ?2 WHERE id = ?1"));
  update.Bind(1, run_id);
  update.Bind(2, digest);
  return update.Run();
}

absl::Status StopDeadRuns(Database& database, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update, database.PrepareCached("UPDATE refresh_runs SET state = ?1, ended_at_us = ?2, error_reason = "
                                               "?3, error_message = ?4 WHERE state = 1"));
  update.Bind(1, static_cast<int64_t>(RunState::kStopped));
  update.Bind(2, now_us);
  update.Bind(3, ReasonName(Reason::kShuttingDown));
  update.Bind(4, "the server was killed during the refresh; the next one continues where it was");
  return update.Run();
}

absl::Status StopUnendedRuns(Database& database, int64_t source_id, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached("UPDATE refresh_runs INDEXED BY refresh_runs_running SET state = ?1, ended_at_us = ?2, "
                             "error_reason = ?3, error_message = ?4 WHERE state = 1 AND source_id = ?5"));
  update.Bind(1, static_cast<int64_t>(RunState::kStopped));
  update.Bind(2, now_us);
  update.Bind(3, ReasonName(Reason::kInternal));
  update.Bind(4, "how it ended could not be recorded; the next one continues where it was");
  update.Bind(5, source_id);
  return update.Run();
}

absl::StatusOr<bool> HasRunningRun(Database& database, int64_t source_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT EXISTS (SELECT 1 FROM refresh_runs INDEXED BY refresh_runs_running "
                             "WHERE state = 1 AND source_id = ?1)"));
  statement.Bind(1, source_id);
  MILLRACE_RETURN_IF_ERROR(statement.Step().status());
  return statement.Int64(0) != 0;
}

absl::StatusOr<RunRecord> ReadRun(Database& database, int64_t run_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(kRunColumns, "WHERE r.id = ?1")));
  statement.Bind(1, run_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) {
    return MakeError(Reason::kSourceNotFound, "the source was deleted during its refresh, and the refresh with it");
  }
  return RunOf(statement);
}

absl::StatusOr<std::vector<RunRecord>> ReadRuns(Database& database, std::optional<int64_t> source_id,
                                                std::optional<int64_t> before_id, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(absl::StrCat(kRunColumns, "WHERE ", source_id.has_value() ? "r.source_id = ?3 AND " : "",
                                          "r.id < ?1 ORDER BY r.id DESC LIMIT ?2")));
  statement.Bind(1, before_id.value_or(INT64_MAX));
  statement.Bind(2, limit);
  if (source_id.has_value()) statement.Bind(3, *source_id);
  std::vector<RunRecord> runs;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return runs;
    runs.push_back(RunOf(statement));
  }
}

absl::Status PutFailedPage(Database& database, int64_t source_id, const FailedPage& page) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT INTO failed_pages (source_id, after_id, until_id, failed_at_us, retry_at_us, "
                             "attempt_count, error_reason, error_message) VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6, ?7) "
                             "ON CONFLICT DO UPDATE SET until_id = max(until_id, excluded.until_id), "
                             "failed_at_us = excluded.failed_at_us, retry_at_us = excluded.retry_at_us, "
                             "attempt_count = attempt_count + 1, error_reason = excluded.error_reason, "
                             "error_message = excluded.error_message"));
  upsert.Bind(1, source_id);
  upsert.Bind(2, page.after_id);
  upsert.Bind(3, page.until_id);
  upsert.Bind(4, page.failed_at_us);
  upsert.Bind(5, page.retry_at_us);
  upsert.Bind(6, page.error_reason);
  upsert.Bind(7, page.error_message);
  return upsert.Run();
}

absl::Status RemoveFailedPages(Database& database, int64_t source_id, int64_t after_id, int64_t until_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove, database.PrepareCached("DELETE FROM failed_pages WHERE source_id = ?1 AND after_id >= ?2 AND "
                                               "(after_id = ?2 OR until_id <= ?3)"));
  remove.Bind(1, source_id);
  remove.Bind(2, after_id);
  remove.Bind(3, until_id);
  return remove.Run();
}

absl::StatusOr<std::vector<FailedPage>> ReadFailedPages(Database& database, int64_t source_id, int64_t now_us,
                                                        int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT after_id, until_id, failed_at_us, retry_at_us, attempt_count, error_reason, "
                             "error_message FROM failed_pages WHERE source_id = ?1 AND retry_at_us <= ?2 "
                             "ORDER BY after_id LIMIT ?3"));
  statement.Bind(1, source_id);
  statement.Bind(2, now_us);
  statement.Bind(3, limit);
  std::vector<FailedPage> pages;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return pages;
    pages.push_back({statement.Int64(0), statement.Int64(1), statement.Int64(2), statement.Int64(3), statement.Int64(4),
                     std::string(statement.Text(5)), std::string(statement.Text(6))});
  }
}

}  // namespace millrace
