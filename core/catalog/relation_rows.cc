#include "core/catalog/relation_rows.h"

#include <limits>
#include <string>

#include "core/base/error.h"
#include "core/catalog/listed_bytes.h"
#include "core/catalog/told_facts.h"

namespace millrace {
namespace {

// Of statements that select kind, antecedent, consequent, status, extra_json. Ends behind `size_bytes_max`.
absl::StatusOr<std::vector<TagRelation>> ReadAll(Statement& statement,
                                                 size_t size_bytes_max = std::numeric_limits<size_t>::max()) {
  std::vector<TagRelation> relations;
  size_t size_bytes = 0;
  while (size_bytes < size_bytes_max) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) break;
    TagRelation& relation = relations.emplace_back();
    relation.kind = static_cast<TagRelationKind>(statement.Int64(0));
    relation.antecedent = std::string(statement.Text(1));
    relation.consequent = std::string(statement.Text(2));
    relation.status = std::string(statement.Text(3));
    relation.extra_json = std::string(statement.Text(4));
    size_bytes += ListedBytes(relation);
  }
  return relations;
}

}  // namespace

absl::StatusOr<std::vector<TagRelation>> ReadActiveRelations(Database& database, int64_t dataset_id,
                                                             TagRelationKind kind) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT kind, antecedent, consequent, status, extra_json FROM tag_relations "
                             "WHERE dataset_id = ?1 AND kind = ?2 AND status IN ('', 'active') "
                             "ORDER BY antecedent, consequent"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, static_cast<int64_t>(kind));
  return ReadAll(statement);
}

absl::StatusOr<std::vector<TagRelation>> ReadRelations(Database& database, int64_t dataset_id,
                                                       const std::optional<TagRelationCursor>& after, int64_t limit) {
  const TagRelationCursor from = after.value_or(TagRelationCursor{});
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT kind, antecedent, consequent, status, extra_json FROM tag_relations "
                             "WHERE dataset_id = ?1 AND (kind, antecedent, consequent) > (?2, ?3, ?4) "
                             "ORDER BY kind, antecedent, consequent LIMIT ?5"));
  statement.Bind(1, dataset_id);
  statement.Bind(2, from.kind);
  statement.Bind(3, from.antecedent);
  statement.Bind(4, from.consequent);
  statement.Bind(5, limit);
  return ReadAll(statement, kListedBytesMax);
}

absl::StatusOr<ListedChange> WriteRelation(Database& database, int64_t dataset_id, const TagRelation& told) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement read,
      database.PrepareCached("SELECT kind, antecedent, consequent, status, extra_json FROM tag_relations "
                             "WHERE dataset_id = ?1 AND kind = ?2 AND antecedent = ?3 AND consequent = ?4"));
  read.Bind(1, dataset_id);
  read.Bind(2, static_cast<int64_t>(told.kind));
  read.BindBorrowed(3, told.antecedent);
  read.BindBorrowed(4, told.consequent);
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<TagRelation> before, ReadAll(read));
  const TagRelation relation = before.empty() ? told : ToldOver(before[0], told);
  if (!before.empty() && before[0] == relation) return ListedChange::kUnchanged;
  MILLRACE_ASSIGN_OR_RETURN(
      Statement upsert,
      database.PrepareCached("INSERT OR REPLACE INTO tag_relations (dataset_id, kind, antecedent, consequent, status, "
                             "extra_json) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"));
  upsert.Bind(1, dataset_id);
  upsert.Bind(2, static_cast<int64_t>(relation.kind));
  upsert.BindBorrowed(3, relation.antecedent);
  upsert.BindBorrowed(4, relation.consequent);
  upsert.BindBorrowed(5, relation.status);
  upsert.BindBorrowed(6, relation.extra_json);
  MILLRACE_RETURN_IF_ERROR(upsert.Run());
  return before.empty() ? ListedChange::kNew : ListedChange::kUpdated;
}

}  // namespace millrace
