#include "core/catalog/tag_lookup_rows.h"

#include "core/base/error.h"

namespace millrace {

absl::StatusOr<std::vector<std::string>> ReadTagsToAsk(Database& database, int64_t dataset_id, int64_t source_id,
                                                       int64_t asked_before_us, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT DISTINCT t.name FROM tags t INDEXED BY tags_without_category "
                             "WHERE t.dataset_id = ?1 AND t.category = 0 AND NOT EXISTS (SELECT 1 FROM asked_tags a "
                             "WHERE a.source_id = ?2 AND a.name = t.name AND a.asked_at_us > ?3) "
                             "ORDER BY t.name LIMIT ?4"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, source_id);
  statement.Bind(3, asked_before_us);
  statement.Bind(4, limit);
  std::vector<std::string> names;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return names;
    names.emplace_back(statement.Text(0));
  }
}

absl::Status PutAskedTags(Database& database, int64_t dataset_id, int64_t source_id,
                          const std::vector<std::string>& names, int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT OR REPLACE INTO asked_tags (source_id, name, asked_at_us) SELECT ?1, ?2, ?3 "
                             "WHERE EXISTS (SELECT 1 FROM tags INDEXED BY tags_without_category "
                             "WHERE dataset_id = ?4 AND name = ?2 AND category = 0)"));
  upsert.Bind(1, source_id);
  upsert.Bind(3, now_us);
  upsert.Bind(4, dataset_id);
  for (const std::string& name : names) {
    upsert.BindBorrowed(2, name);
    MILLRACE_RETURN_IF_ERROR(upsert.Run());
  }
  return absl::OkStatus();
}

}  // namespace millrace
