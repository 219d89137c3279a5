#include "core/catalog/tag_lookup_rows.h"

#include "core/base/error.h"

namespace millrace {

absl::StatusOr<std::vector<std::string>> ReadTagsToAsk(Database& database, int64_t dataset_id, int64_t source_id,
                                                       int64_t now_us, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT DISTINCT t.name FROM tags t INDEXED BY tags_without_category "
                             "WHERE t.dataset_id = ?1 AND t.category = 0 AND NOT EXISTS (SELECT 1 FROM asked_tags a "
                             "WHERE a.source_id = ?2 AND a.name = t.name AND a.ask_again_at_us > ?3) "
                             "ORDER BY t.name LIMIT ?4"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, source_id);
  statement.Bind(3, now_us);
  statement.Bind(4, limit);
  std::vector<std::string> names;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return names;
    names.emplace_back(statement.Text(0));
  }
}

absl::Status PutAskedTags(Database& database, int64_t dataset_id, int64_t source_id,
                          const std::vector<std::string>& names, int64_t ask_again_at_us) {
  MILLRACE_ASSIGN_OR_RETURN(Statement remove,
                            database.PrepareCached("DELETE FROM asked_tags WHERE source_id = ?1 AND name = ?2"));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT INTO asked_tags (source_id, name, ask_again_at_us) SELECT ?1, ?2, ?3 "
                             "WHERE EXISTS (SELECT 1 FROM tags INDEXED BY tags_without_category "
                             "WHERE dataset_id = ?4 AND name = ?2 AND category = 0)"));
  remove.Bind(1, source_id);
  insert.Bind(1, source_id);
  insert.Bind(3, ask_again_at_us);
  insert.Bind(4, dataset_id);
  for (const std::string& name : names) {
    remove.BindBorrowed(2, name);
    MILLRACE_RETURN_IF_ERROR(remove.Run());
    insert.BindBorrowed(2, name);
    MILLRACE_RETURN_IF_ERROR(insert.Run());
  }
  return absl::OkStatus();
}

absl::Status PutFailedTags(Database& database, const FailedTagLookup& lookup, int64_t now_us) {
  // The shift is bounded: 2^20 of the shortest wait is far above the longest.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT INTO asked_tags (source_id, name, ask_again_at_us, failed_count) "
                             "VALUES (?1, ?2, ?3 + ?4, 1) ON CONFLICT DO UPDATE SET failed_count = failed_count + 1, "
                             "ask_again_at_us = ?3 + min(?5, ?4 << min(failed_count, 20))"));
  upsert.Bind(1, lookup.source_id);
  upsert.Bind(3, now_us);
  upsert.Bind(4, lookup.ask_again_after_us);
  upsert.Bind(5, lookup.ask_again_after_us_max);
  for (const std::string& name : lookup.asked) {
    upsert.BindBorrowed(2, name);
    MILLRACE_RETURN_IF_ERROR(upsert.Run());
  }
  return absl::OkStatus();
}

absl::Status ForgetFailedTags(Database& database, int64_t dataset_id, int64_t source_id) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement remove,
      database.PrepareCached("DELETE FROM asked_tags WHERE source_id = ?1 AND failed_count > 0 AND NOT EXISTS "
                             "(SELECT 1 FROM tags t INDEXED BY tags_without_category "
                             "WHERE t.dataset_id = ?2 AND t.name = asked_tags.name AND t.category = 0)"));
  remove.Bind(1, source_id);
  remove.Bind(2, dataset_id);
  return remove.Run();
}

}  // namespace millrace
