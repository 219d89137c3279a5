#include "core/catalog/plan_rows.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/digest_prefix.h"
#include "core/catalog/snapshot_rows.h"

namespace millrace {
namespace {

constexpr char kPlanColumns[] = "SELECT id, snapshot, canonical_form, created_at_us, outcome FROM plans ";

absl::StatusOr<std::vector<PlanRecord>> ReadRecords(Statement& statement) {
  std::vector<PlanRecord> records;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return records;
    records.push_back({std::string(statement.Text(0)), std::string(statement.Text(1)), std::string(statement.Text(2)),
                       statement.Int64(3), std::string(statement.Text(4))});
  }
}

absl::Span<const uint8_t> BytesOf(const std::string& text) {
  return absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(text.data()), text.size());
}

absl::Status PlanNotFoundError(std::string_view id) {
  return MakeError(Reason::kPlanNotFound,
                   absl::StrCat("there is no plan ", QuoteForMessage(id), ". ListPlans names those there are."),
                   {{"plan", std::string(id)}});
}

}  // namespace

absl::StatusOr<bool> AddPlanRow(Database& database, const PlanRecord& record) {
  MILLRACE_RETURN_IF_ERROR(ReadSnapshot(database, record.snapshot).status());
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT INTO plans (id, snapshot, created_at_us, canonical_form, outcome) "
                             "VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO NOTHING"));
  insert.Bind(1, record.id);
  insert.Bind(2, record.snapshot);
  insert.Bind(3, record.created_at_us);
  insert.Bind(4, BytesOf(record.canonical_form));
  if (!record.outcome.empty()) insert.Bind(5, BytesOf(record.outcome));
  MILLRACE_RETURN_IF_ERROR(insert.Run());
  return database.changed_row_count() == 1;
}

absl::StatusOr<PlanRecord> ReadPlan(Database& database, std::string_view id_or_prefix) {
  MILLRACE_RETURN_IF_ERROR(CheckDigestPrefix("plan_id", id_or_prefix));
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(
                                                     kPlanColumns, "WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT 2")));
  statement.Bind(1, id_or_prefix);
  statement.Bind(2, DigestPrefixEnd(id_or_prefix));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<PlanRecord> records, ReadRecords(statement));
  if (records.empty()) return PlanNotFoundError(id_or_prefix);
  if (records.size() > 1) return PrefixAmbiguousError("plans", id_or_prefix, records[0].id, records[1].id);
  return std::move(records[0]);
}

absl::StatusOr<std::vector<PlanRecord>> ReadPlans(Database& database, std::string_view snapshot,
                                                  const std::optional<TimeCursor>& after, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached(absl::StrCat(
                                kPlanColumns, "WHERE ", snapshot.empty() ? "" : "snapshot = ?4 AND ",
                                "(created_at_us, id) < (?1, ?2) ORDER BY created_at_us DESC, id DESC LIMIT ?3")));
  statement.Bind(1, after.has_value() ? after->created_at_us : INT64_MAX);
  statement.Bind(2, after.has_value() ? std::string_view(after->key) : std::string_view());
  statement.Bind(3, limit);
  if (!snapshot.empty()) statement.Bind(4, snapshot);
  return ReadRecords(statement);
}

absl::Status DeletePlanRow(Database& database, std::string_view id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement remove, database.PrepareCached("DELETE FROM plans WHERE id = ?1"));
  remove.Bind(1, id);
  MILLRACE_RETURN_IF_ERROR(remove.Run());
  return database.changed_row_count() == 1 ? absl::OkStatus() : PlanNotFoundError(id);
}

}  // namespace millrace
