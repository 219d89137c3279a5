#include "core/catalog/source_rows.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr char kSourceColumns[] =
    "SELECT s.id, s.name, s.dataset, s.kind, s.address, s.query, s.page_size, s.interval_us, s.snapshot_after_refresh, "
    "s.mark_missing, s.login, s.api_key, s.position, s.cursor, s.created_at_us, s.updated_at_us, "
    "(SELECT count(*) FROM failed_pages f WHERE f.source_id = s.id), "
    "(SELECT min(at_us) FROM (SELECT min(f.retry_at_us) AS at_us FROM failed_pages f WHERE f.source_id = s.id "
    "UNION ALL SELECT s.changes_retry_at_us "
    "UNION ALL SELECT min(a.ask_again_at_us) FROM asked_tags a INDEXED BY asked_tags_failed "
    "WHERE a.source_id = s.id AND a.failed_count > 0)), "
    "(SELECT r.ended_at_us FROM refresh_runs r WHERE r.source_id = s.id ORDER BY r.id DESC LIMIT 1), s.with_relations, "
    "(SELECT count(*) FROM failed_pages f WHERE f.source_id = s.id AND f.after_id >= s.position AND "
    "f.after_id < s.cursor), s.relations_fetched_at_us, s.follow_changes, s.change_position, s.change_target, "
    "s.change_offset, s.change_last FROM sources s ";

SourceRecord RecordOf(Statement& row) {
  SourceRecord record;
  record.id = row.Int64(0);
  SourceSettings& settings = record.settings;
  settings.name = std::string(row.Text(1));
  settings.dataset = std::string(row.Text(2));
  settings.kind = static_cast<BoardKind>(row.Int64(3));
  settings.address = std::string(row.Text(4));
  settings.query = std::string(row.Text(5));
  settings.page_size = static_cast<int32_t>(row.Int64(6));
  settings.interval_us = row.Int64(7);
  settings.snapshot_after_refresh = row.Int64(8) != 0;
  settings.mark_missing = row.Int64(9) != 0;
  settings.login = std::string(row.Text(10));
  settings.api_key = std::string(row.Text(11));
  record.position = row.Int64(12);
  record.cursor = row.Int64(13);
  record.created_at_us = row.Int64(14);
  record.updated_at_us = row.Int64(15);
  record.failed_page_count = row.Int64(16);
  record.next_retry_at_us = row.OptionalInt<int64_t>(17);
  record.last_run_ended_at_us = row.OptionalInt<int64_t>(18);
  settings.with_relations = row.Int64(19) != 0;
  record.skipped_in_row_count = row.Int64(20);
  record.relations_fetched_at_us = row.Int64(21);
  settings.follow_changes = row.Int64(22) != 0;
  record.changes = {.position = row.Int64(23), .target = row.Int64(24), .last = row.Int64(26), .offset = row.Int64(25)};
  return record;
}

// Of what may change, ?1 to ?10.
void BindChangeable(const SourceSettings& settings, Statement* statement) {
  statement->Bind(1, settings.address);
  statement->Bind(2, settings.query);
  statement->Bind(3, settings.page_size);
  statement->Bind(4, settings.interval_us);
  statement->Bind(5, static_cast<int64_t>(settings.snapshot_after_refresh));
  statement->Bind(6, static_cast<int64_t>(settings.mark_missing));
  statement->Bind(7, settings.login);
  statement->Bind(8, settings.api_key);
  statement->Bind(9, static_cast<int64_t>(settings.with_relations));
  statement->Bind(10, static_cast<int64_t>(settings.follow_changes));
}

// ?11 to ?14.
void BindChanges(const ChangeCursor& changes, Statement* statement) {
  statement->Bind(11, changes.position);
  statement->Bind(12, changes.target);
  statement->Bind(13, changes.offset);
  statement->Bind(14, changes.last);
}

absl::Status SourceNotFoundError(std::string_view shown) {
  return MakeError(Reason::kSourceNotFound,
                   absl::StrCat("there is no source ", std::string(shown), ". ListSources names those there are."),
                   {{"source", std::string(shown)}});
}

}  // namespace

absl::StatusOr<SourceRecord> ReadSource(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached(absl::StrCat(kSourceColumns, "WHERE s.name = ?1")));
  statement.Bind(1, name);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return SourceNotFoundError(QuoteForMessage(name));
  return RecordOf(statement);
}

absl::StatusOr<SourceRecord> ReadSourceById(Database& database, int64_t source_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached(absl::StrCat(kSourceColumns, "WHERE s.id = ?1")));
  statement.Bind(1, source_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return SourceNotFoundError("any more: it was deleted meanwhile");
  return RecordOf(statement);
}

absl::StatusOr<std::vector<SourceRecord>> ReadSources(Database& database, std::string_view after, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(
                                                     kSourceColumns, "WHERE s.name > ?1 ORDER BY s.name LIMIT ?2")));
  statement.Bind(1, after);
  statement.Bind(2, limit);
  std::vector<SourceRecord> records;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return records;
    records.push_back(RecordOf(statement));
  }
}

absl::Status AddSourceRow(Database& database, const SourceSettings& settings, int64_t position, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached(
          "INSERT INTO sources (address, query, page_size, interval_us, snapshot_after_refresh, "
          "mark_missing, login, api_key, with_relations, follow_changes, name, dataset, kind, created_at_us, "
          "updated_at_us, position, cursor) "
          "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14, ?15, ?15)"));
  BindChangeable(settings, &insert);
  insert.Bind(11, settings.name);
  insert.Bind(12, settings.dataset);
  insert.Bind(13, static_cast<int64_t>(settings.kind));
  insert.Bind(14, now_us);
  insert.Bind(15, position);
  return insert.Run();
}

absl::Status UpdateSourceRow(Database& database, const SourceRecord& record, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached(
          "UPDATE sources SET address = ?1, query = ?2, page_size = ?3, interval_us = ?4, "
          "snapshot_after_refresh = ?5, mark_missing = ?6, login = ?7, api_key = ?8, with_relations = ?9, "
          "follow_changes = ?10, change_position = ?11, change_target = ?12, change_offset = ?13, change_last = ?14, "
          "changes_retry_at_us = iif(?10, changes_retry_at_us, NULL), position = ?15, cursor = ?16, updated_at_us = "
          "?17 "
          "WHERE id = ?18"));
  BindChangeable(record.settings, &update);
  BindChanges(record.changes, &update);
  update.Bind(15, record.position);
  update.Bind(16, record.cursor);
  update.Bind(17, now_us);
  update.Bind(18, record.id);
  return update.Run();
}

absl::Status MoveSource(Database& database, int64_t source_id, int64_t position, int64_t cursor) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update,
                            database.PrepareCached("UPDATE sources SET position = ?2, cursor = ?3 WHERE id = ?1"));
  update.Bind(1, source_id);
  update.Bind(2, position);
  update.Bind(3, cursor);
  return update.Run();
}

absl::Status MoveChangesOfSource(Database& database, int64_t source_id, const ChangeMove& move) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached("UPDATE sources SET change_position = ?11, change_target = ?12, change_offset = ?13, "
                             "change_last = ?14, changes_retry_at_us = NULL WHERE id = ?1 AND change_position = ?2 AND "
                             "change_target = ?3 AND change_offset = ?4 AND change_last = ?5"));
  update.Bind(1, source_id);
  update.Bind(2, move.from.position);
  update.Bind(3, move.from.target);
  update.Bind(4, move.from.offset);
  update.Bind(5, move.from.last);
  BindChanges(move.to, &update);
  return update.Run();
}

absl::Status SetChangesRetry(Database& database, int64_t source_id, int64_t retry_at_us) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update,
                            database.PrepareCached("UPDATE sources SET changes_retry_at_us = ?2 WHERE id = ?1"));
  update.Bind(1, source_id);
  update.Bind(2, retry_at_us);
  return update.Run();
}

absl::Status SetRelationsFetched(Database& database, int64_t source_id, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update,
                            database.PrepareCached("UPDATE sources SET relations_fetched_at_us = ?2 WHERE id = ?1"));
  update.Bind(1, source_id);
  update.Bind(2, now_us);
  return update.Run();
}

absl::Status DeleteSourceRow(Database& database, int64_t source_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement remove, database.PrepareCached("DELETE FROM sources WHERE id = ?1"));
  remove.Bind(1, source_id);
  return remove.Run();
}

}  // namespace millrace
