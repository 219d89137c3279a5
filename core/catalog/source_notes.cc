#include "core/catalog/source_notes.h"

#include <string_view>

#include "core/base/error.h"

namespace millrace {
namespace {

// Notes stand among the names that a source asked its board about, under keys that are no tag's name: no
// board has tags with a line break. So they need no table of their own, and go with the source.
std::string_view KeyOf(SourceNote note) {
  return note == SourceNote::kTagListAsked ? "\ntag list asked" : "\ntags changed";
}

absl::StatusOr<Statement> Prepare(Database& database, std::string_view sql, int64_t source_id, SourceNote note) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(sql));
  statement.Bind(1, source_id);
  statement.Bind(2, KeyOf(note));
  return statement;
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> ReadSourceNote(Database& database, int64_t source_id, SourceNote note) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      Prepare(database, "SELECT asked_at_us FROM asked_tags WHERE source_id = ?1 AND name = ?2", source_id, note));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return statement.Int64(0);
}

absl::Status PutSourceNote(Database& database, int64_t source_id, SourceNote note, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      Prepare(database, "INSERT OR REPLACE INTO asked_tags (source_id, name, asked_at_us) VALUES (?1, ?2, ?3)",
              source_id, note));
  upsert.Bind(3, now_us);
  return upsert.Run();
}

absl::Status RemoveSourceNote(Database& database, int64_t source_id, SourceNote note) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove,
      Prepare(database, "DELETE FROM asked_tags WHERE source_id = ?1 AND name = ?2", source_id, note));
  return remove.Run();
}

}  // namespace millrace
