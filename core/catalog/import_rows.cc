#include "core/catalog/import_rows.h"

#include <cstdio>
#include <map>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/import_listed.h"

namespace millrace {
namespace {

constexpr std::string_view kImportIdPrefix = "imp-";

constexpr char kImportColumns[] =
    "SELECT i.id, d.name, i.request_id, i.format, i.state, i.started_at_us, i.committed_at_us, i.new_post_count, "
    "i.replaced_post_count, i.rejected_count, i.duplicate_tag_count, i.changed_tag_count, i.byte_count, i.snapshot, "
    "i.error_reason, i.error_message, i.error_field, i.error_metadata, i.listed_counts "
    "FROM imports i JOIN datasets d ON d.id = i.dataset_id ";

// Keys and values in turn, each ended by a NUL: neither holds one.
std::string PackPairs(const std::map<std::string, std::string>& pairs) {
  std::string packed;
  for (const auto& [key, value] : pairs) {
    packed += key;
    packed += '\0';
    packed += value.substr(0, value.find('\0'));
    packed += '\0';
  }
  return packed;
}

std::map<std::string, std::string> UnpackPairs(std::string_view packed) {
  std::map<std::string, std::string> pairs;
  const auto take = [&] {
    const size_t end = packed.find('\0');
    const std::string text(packed.substr(0, end));
    packed.remove_prefix(end == std::string_view::npos ? packed.size() : end + 1);
    return text;
  };
  while (!packed.empty()) {
    std::string key = take();
    pairs[std::move(key)] = take();
  }
  return pairs;
}

absl::Status ErrorOf(Statement& row) {
  const auto reason = static_cast<Reason>(row.Int64(14));
  if (reason == Reason::kFieldInvalid) {
    // FieldError puts the field before the description; the message has it already.
    const std::string_view field = row.Text(16);
    std::string_view message = row.Text(15);
    if (!field.empty() && message.substr(0, field.size()) == field && message.substr(field.size(), 2) == ": ") {
      return FieldError(field, message.substr(field.size() + 2));
    }
  }
  return MakeError(reason, row.Text(15), UnpackPairs(row.Text(17)));
}

ImportRecord RecordOf(Statement& row) {
  ImportRecord record;
  record.outcome.import_id = ImportIdText(row.Int64(0));
  record.outcome.dataset = std::string(row.Text(1));
  record.request_id = std::string(row.Text(2));
  record.format = static_cast<int32_t>(row.Int64(3));
  record.outcome.format = record.format;
  record.state = static_cast<ImportState>(row.Int64(4));
  record.started_at_us = row.Int64(5);
  if (record.state == ImportState::kFailed) record.error = ErrorOf(row);
  if (record.state != ImportState::kCommitted) return record;
  record.outcome.committed_at_us = row.Int64(6);
  record.outcome.new_post_count = row.Int64(7);
  record.outcome.replaced_post_count = row.Int64(8);
  record.outcome.rejected_count = row.Int64(9);
  record.outcome.duplicate_tag_count = row.Int64(10);
  record.outcome.changed_tag_count = row.Int64(11);
  record.outcome.byte_count = row.Int64(12);
  record.outcome.snapshot = std::string(row.Text(13));
  SetListed(UnpackPairs(row.Text(18)), &record.outcome);
  return record;
}

absl::StatusOr<std::optional<ImportRecord>> ReadOne(Statement& statement) {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return std::nullopt;
  return RecordOf(statement);
}

}  // namespace

std::string ImportIdText(int64_t import_id) {
  char text[32];
  std::snprintf(text, sizeof text, "imp-%012lld", static_cast<long long>(import_id));
  return text;
}

std::optional<int64_t> ParseImportId(std::string_view text) {
  if (text.substr(0, kImportIdPrefix.size()) != kImportIdPrefix) return std::nullopt;
  const std::string_view digits = text.substr(kImportIdPrefix.size());
  int64_t import_id = 0;
  if (!absl::SimpleAtoi(absl::string_view(digits.data(), digits.size()), &import_id) || import_id < 1) {
    return std::nullopt;
  }
  return import_id;
}

absl::StatusOr<std::optional<ImportRecord>> ReadCommittedImport(Database& database, std::string_view request_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(
                                                     kImportColumns, "WHERE i.request_id = ?1 AND i.state = 2")));
  statement.Bind(1, request_id);
  return ReadOne(statement);
}

absl::StatusOr<std::optional<ImportRecord>> ReadImport(Database& database, int64_t import_id) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached(absl::StrCat(kImportColumns, "WHERE i.id = ?1")));
  statement.Bind(1, import_id);
  return ReadOne(statement);
}

absl::StatusOr<std::vector<ImportRecord>> ReadImports(Database& database, std::optional<int64_t> dataset_id,
                                                      std::optional<TimeCursor> after, int64_t limit) {
  int64_t after_us = INT64_MAX;
  int64_t after_id = INT64_MAX;
  if (after.has_value()) {
    const std::optional<int64_t> key = ParseImportId(after->key);
    if (!key.has_value()) {
      return MakeError(Reason::kPageTokenInvalid,
                       absl::StrCat("the page token names ", QuoteForMessage(after->key), ", which is no import"));
    }
    after_us = after->created_at_us;
    after_id = *key;
  }
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.PrepareCached(absl::StrCat(kImportColumns, "WHERE ",
                                                                dataset_id.has_value() ? "i.dataset_id = ?1 AND " : "",
                                                                "(i.started_at_us, i.id) < (?2, ?3) "
                                                                "ORDER BY i.started_at_us DESC, i.id DESC LIMIT ?4")));
  if (dataset_id.has_value()) statement.Bind(1, *dataset_id);
  statement.Bind(2, after_us);
  statement.Bind(3, after_id);
  statement.Bind(4, limit);
  std::vector<ImportRecord> records;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return records;
    records.push_back(RecordOf(statement));
  }
}

absl::StatusOr<int64_t> AddRunningImport(Database& database, int64_t dataset_id, const ImportSpec& spec,
                                         int64_t now_us) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT INTO imports (dataset_id, request_id, format, state, started_at_us, first_row) "
                             "VALUES (?1, ?2, ?3, ?4, ?5, (SELECT coalesce(max(row), 0) + 1 FROM posts))"));
  insert.Bind(1, dataset_id);
  insert.Bind(2, spec.request_id);
  insert.Bind(3, spec.format);
  insert.Bind(4, static_cast<int64_t>(ImportState::kRunning));
  insert.Bind(5, now_us);
  MILLRACE_RETURN_IF_ERROR(insert.Run());
  return database.last_insert_row();
}

absl::Status MarkCommitted(Database& database, int64_t import_id, const ImportOutcome& outcome) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached("UPDATE imports SET state = ?2, committed_at_us = ?3, new_post_count = ?4, "
                             "replaced_post_count = ?5, rejected_count = ?6, duplicate_tag_count = ?7, "
                             "changed_tag_count = ?8, byte_count = ?9, listed_counts = ?11, "
                             "format = CASE ?10 WHEN 0 THEN format ELSE ?10 END WHERE id = ?1"));
  update.Bind(1, import_id);
  update.Bind(2, static_cast<int64_t>(ImportState::kCommitted));
  update.Bind(3, outcome.committed_at_us);
  update.Bind(4, outcome.new_post_count);
  update.Bind(5, outcome.replaced_post_count);
  update.Bind(6, outcome.rejected_count);
  update.Bind(7, outcome.duplicate_tag_count);
  update.Bind(8, outcome.changed_tag_count);
  update.Bind(9, outcome.byte_count);
  update.Bind(10, outcome.format);
  const std::string listed = PackPairs(NamedCounts(outcome));
  if (listed.empty()) {
    update.BindNull(11);
  } else {
    update.Bind(11, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(listed.data()), listed.size()));
  }
  return update.Run();
}

absl::Status MarkFailed(Database& database, int64_t import_id, const absl::Status& error) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement update,
      database.PrepareCached("UPDATE imports SET state = ?2, error_reason = ?3, error_message = ?4, error_field = ?5, "
                             "error_metadata = ?6 WHERE id = ?1"));
  const std::string metadata = PackPairs(MetadataOf(error));
  update.Bind(1, import_id);
  update.Bind(2, static_cast<int64_t>(ImportState::kFailed));
  update.Bind(3, static_cast<int64_t>(ReasonOf(error)));
  update.Bind(4, std::string_view(error.message().data(), error.message().size()));
  update.Bind(5, FieldOf(error));
  update.Bind(6, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(metadata.data()), metadata.size()));
  return update.Run();
}

absl::StatusOr<bool> SetSnapshotOfImport(Database& database, int64_t import_id, std::string_view digest) {
  MILLRACE_ASSIGN_OR_RETURN(Statement update, database.PrepareCached("UPDATE imports SET snapshot = ?2 WHERE id = ?1"));
  update.Bind(1, import_id);
  update.Bind(2, digest);
  MILLRACE_RETURN_IF_ERROR(update.Run());
  return database.changed_row_count() == 1;
}

}  // namespace millrace
