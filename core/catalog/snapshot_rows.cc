#include "core/catalog/snapshot_rows.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/digest_prefix.h"

namespace millrace {
namespace {

constexpr char kSnapshotColumns[] =
    "SELECT s.digest, d.name, s.created_at_us, s.post_count, s.tag_count, s.tag_use_count, s.file_size_bytes, "
    "s.format_version FROM snapshots s ";

SnapshotRecord RecordOf(Statement& row) {
  SnapshotRecord record;
  record.digest = std::string(row.Text(0));
  record.dataset = std::string(row.Text(1));
  record.created_at_us = row.Int64(2);
  record.post_count = row.Int64(3);
  record.tag_count = row.Int64(4);
  record.tag_use_count = row.Int64(5);
  record.file_size_bytes = row.Int64(6);
  record.format_version = static_cast<int32_t>(row.Int64(7));
  return record;
}

absl::StatusOr<std::vector<SnapshotRecord>> ReadRecords(Statement& statement) {
  std::vector<SnapshotRecord> records;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return records;
    records.push_back(RecordOf(statement));
  }
}

absl::Status SnapshotNotFoundError(std::string_view digest) {
  return MakeError(
      Reason::kSnapshotNotFound,
      absl::StrCat("there is no snapshot ", QuoteForMessage(digest), ". ListSnapshots names those there are."),
      {{"snapshot", std::string(digest)}});
}

absl::Status CheckNotInUse(Database& database, std::string_view digest) {
  constexpr int64_t kNamedMax = 3;
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached("SELECT id FROM plans WHERE snapshot = ?1 ORDER BY created_at_us, id LIMIT ?2"));
  statement.Bind(1, digest);
  statement.Bind(2, kNamedMax + 1);
  std::vector<std::string> plans;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) break;
    plans.emplace_back(statement.Text(0));
  }
  if (plans.empty()) return absl::OkStatus();
  const bool has_more = plans.size() > kNamedMax;
  if (has_more) plans.back() = "and more";
  return MakeError(Reason::kSnapshotInUse,
                   absl::StrCat("plans refer to the snapshot ", std::string(digest), ": ", absl::StrJoin(plans, ", "),
                                ". Delete them first."),
                   {{"plan", plans.front()}});
}

}  // namespace

absl::StatusOr<bool> AddSnapshotRow(Database& database, int64_t dataset_id, const SnapshotRecord& record) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT INTO snapshots (digest, dataset_id, created_at_us, post_count, tag_count, "
                             "tag_use_count, file_size_bytes, format_version) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) "
                             "ON CONFLICT (digest) DO NOTHING"));
  insert.Bind(1, record.digest);
  insert.Bind(2, dataset_id);
  insert.Bind(3, record.created_at_us);
  insert.Bind(4, record.post_count);
  insert.Bind(5, record.tag_count);
  insert.Bind(6, record.tag_use_count);
  insert.Bind(7, record.file_size_bytes);
  insert.Bind(8, record.format_version);
  MILLRACE_RETURN_IF_ERROR(insert.Run());
  const bool is_new = database.changed_row_count() == 1;
  // REPLACE gives the pair a new sequence, the greatest: it is the newest again.
  MILLRACE_ASSIGN_OR_RETURN(
      Statement link,
      database.PrepareCached("INSERT OR REPLACE INTO dataset_snapshots (dataset_id, digest) VALUES (?1, ?2)"));
  link.Bind(1, dataset_id);
  link.Bind(2, record.digest);
  MILLRACE_RETURN_IF_ERROR(link.Run());
  return is_new;
}

absl::StatusOr<SnapshotRecord> ReadSnapshot(Database& database, std::string_view digest_or_prefix) {
  MILLRACE_RETURN_IF_ERROR(CheckDigestPrefix("digest", digest_or_prefix));
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(
                                                     kSnapshotColumns,
                                                     "JOIN datasets d ON d.id = s.dataset_id WHERE s.digest >= ?1 AND "
                                                     "s.digest < ?2 ORDER BY s.digest LIMIT 2")));
  statement.Bind(1, digest_or_prefix);
  statement.Bind(2, DigestPrefixEnd(digest_or_prefix));
  MILLRACE_ASSIGN_OR_RETURN(std::vector<SnapshotRecord> records, ReadRecords(statement));
  if (records.empty()) return SnapshotNotFoundError(digest_or_prefix);
  if (records.size() > 1) {
    return PrefixAmbiguousError("snapshots", digest_or_prefix, records[0].digest, records[1].digest);
  }
  return std::move(records[0]);
}

absl::StatusOr<std::vector<SnapshotRecord>> ReadSnapshots(Database& database, std::optional<int64_t> dataset_id,
                                                          const std::optional<TimeCursor>& after, int64_t limit) {
  // Of one dataset: also those whose content another dataset had first.
  const char* const from = dataset_id.has_value()
                               ? "JOIN dataset_snapshots l ON l.digest = s.digest AND l.dataset_id = ?4 "
                                 "JOIN datasets d ON d.id = l.dataset_id "
                               : "JOIN datasets d ON d.id = s.dataset_id ";
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(
                                                     kSnapshotColumns, from,
                                                     "WHERE (s.created_at_us, s.digest) < (?1, ?2) "
                                                     "ORDER BY s.created_at_us DESC, s.digest DESC LIMIT ?3")));
  statement.Bind(1, after.has_value() ? after->created_at_us : INT64_MAX);
  statement.Bind(2, after.has_value() ? std::string_view(after->key) : std::string_view());
  statement.Bind(3, limit);
  if (dataset_id.has_value()) statement.Bind(4, *dataset_id);
  return ReadRecords(statement);
}

absl::Status DeleteSnapshotRow(Database& database, std::string_view digest) {
  MILLRACE_RETURN_IF_ERROR(CheckNotInUse(database, digest));
  MILLRACE_ASSIGN_OR_RETURN(Statement remove, database.PrepareCached("DELETE FROM snapshots WHERE digest = ?1"));
  remove.Bind(1, digest);
  MILLRACE_RETURN_IF_ERROR(remove.Run());
  return database.changed_row_count() == 1 ? absl::OkStatus() : SnapshotNotFoundError(digest);
}

}  // namespace millrace
