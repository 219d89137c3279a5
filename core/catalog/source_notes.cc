#include "core/catalog/source_notes.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

const char* ColumnOf(SourceNote note) {
  return note == SourceNote::kTagListAsked ? "tag_list_asked_at_us" : "tags_changed_at_us";
}

absl::Status Set(Database& database, int64_t source_id, SourceNote note, std::optional<int64_t> at_us) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update, database.PrepareCached(absl::StrCat("UPDATE sources SET ", ColumnOf(note),
                                                                                  " = ?2 WHERE id = ?1")));
  update.Bind(1, source_id);
  update.Bind(2, at_us);
  return update.Run();
}

}  // namespace

absl::StatusOr<std::optional<int64_t>> ReadSourceNote(Database& database, int64_t source_id, SourceNote note) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat("SELECT ", ColumnOf(note),
                                                                                     " FROM sources WHERE id = ?1")));
  statement.Bind(1, source_id);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return statement.OptionalInt<int64_t>(0);
}

absl::Status PutSourceNote(Database& database, int64_t source_id, SourceNote note, int64_t now_us) {
  return Set(database, source_id, note, now_us);
}

absl::Status RemoveSourceNote(Database& database, int64_t source_id, SourceNote note) {
  return Set(database, source_id, note, std::nullopt);
}

}  // namespace millrace
