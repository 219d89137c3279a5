#include "core/catalog/vocabulary_rows.h"

#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/digest_prefix.h"
#include "core/catalog/vocabulary_reference.h"

namespace millrace {
namespace {

// Of requests; what is not about one names it all the same.
constexpr char kField[] = "vocabulary";
constexpr char kVocabularyColumns[] =
    "SELECT name, version, digest, label_count, snapshot, created_at_us FROM vocabularies ";

VocabularyRecord RecordOf(Statement& row) {
  VocabularyRecord record;
  record.name = std::string(row.Text(0));
  record.version = row.Int64(1);
  record.digest = std::string(row.Text(2));
  record.label_count = row.Int64(3);
  record.snapshot = std::string(row.Text(4));
  record.created_at_us = row.Int64(5);
  return record;
}

absl::StatusOr<std::vector<VocabularyRecord>> ReadRecords(Statement& statement) {
  std::vector<VocabularyRecord> records;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return records;
    records.push_back(RecordOf(statement));
  }
}

std::string NameOf(const VocabularyRecord& record) { return absl::StrCat(record.name, "@", record.version); }

absl::Status VocabularyNotFoundError(std::string_view reference) {
  return MakeError(
      Reason::kVocabularyNotFound,
      absl::StrCat("there is no vocabulary ", QuoteForMessage(reference), ". ListVocabularies names those there are."),
      {{"vocabulary", std::string(reference)}});
}

// Of one name: the version, or the newest when it is 0.
absl::StatusOr<std::optional<VocabularyRecord>> FindByName(Database& database, std::string_view name, int64_t version) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(absl::StrCat(kVocabularyColumns, "WHERE name = ?1 ",
                                          version == 0 ? "" : "AND version = ?2 ", "ORDER BY version DESC LIMIT 1")));
  statement.Bind(1, name);
  if (version != 0) statement.Bind(2, version);
  MILLRACE_ASSIGN_OR_RETURN(std::vector<VocabularyRecord> records, ReadRecords(statement));
  if (records.empty()) return std::nullopt;
  return std::move(records[0]);
}

// The versions, the newest first, of the digest with this prefix: one digest only, otherwise kPrefixAmbiguous. At most
// `limit`.
absl::StatusOr<std::vector<VocabularyRecord>> FindByDigest(Database& database, std::string_view prefix, int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement bounds,
      database.PrepareCached("SELECT min(digest), max(digest) FROM vocabularies WHERE digest >= ?1 AND digest < ?2"));
  bounds.Bind(1, prefix);
  bounds.Bind(2, DigestPrefixEnd(prefix));
  MILLRACE_RETURN_IF_ERROR(bounds.Step().status());
  if (bounds.IsNull(0)) return std::vector<VocabularyRecord>();
  const std::string digest(bounds.Text(0));
  if (bounds.Text(1) != digest) return PrefixAmbiguousError("vocabularies", prefix, digest, bounds.Text(1));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.PrepareCached(absl::StrCat(kVocabularyColumns, "WHERE digest = ?1 ORDER BY row DESC LIMIT ?2")));
  statement.Bind(1, digest);
  statement.Bind(2, limit);
  return ReadRecords(statement);
}

absl::StatusOr<std::string> ReadEntries(Database& database, const VocabularyRecord& record) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement, database.PrepareCached("SELECT entries FROM vocabularies WHERE name = ?1 AND version = ?2"));
  statement.Bind(1, record.name);
  statement.Bind(2, record.version);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return VocabularyNotFoundError(NameOf(record));
  const absl::Span<const uint8_t> entries = statement.Blob(0);
  return std::string(reinterpret_cast<const char*>(entries.data()), entries.size());
}

// The next version of a name; no version is given twice, whatever is deleted.
absl::StatusOr<int64_t> TakeVersion(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement take, database.PrepareCached(
                          "INSERT INTO vocabulary_names (name, last_version) VALUES (?1, 1) "
                          "ON CONFLICT (name) DO UPDATE SET last_version = last_version + 1 RETURNING last_version"));
  take.Bind(1, name);
  MILLRACE_RETURN_IF_ERROR(take.Step().status());
  const int64_t version = take.Int64(0);
  // The row is written once the statement is stepped to its end.
  MILLRACE_RETURN_IF_ERROR(take.Step().status());
  return version;
}

}  // namespace

absl::StatusOr<AddedVocabulary> AddVocabularyRow(Database& database, VocabularyRecord record,
                                                 std::string_view entries) {
  MILLRACE_RETURN_IF_ERROR(CheckVocabularyName("name", record.name));
  MILLRACE_ASSIGN_OR_RETURN(std::optional<VocabularyRecord> newest, FindByName(database, record.name, 0));
  if (newest.has_value() && newest->digest == record.digest) return AddedVocabulary{*std::move(newest), false};
  MILLRACE_ASSIGN_OR_RETURN(record.version, TakeVersion(database, record.name));
  MILLRACE_ASSIGN_OR_RETURN(
      Statement insert,
      database.PrepareCached("INSERT INTO vocabularies (name, version, digest, label_count, "
                             "snapshot, created_at_us, entries) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"));
  insert.Bind(1, record.name);
  insert.Bind(2, record.version);
  insert.Bind(3, record.digest);
  insert.Bind(4, record.label_count);
  insert.Bind(5, record.snapshot);
  insert.Bind(6, record.created_at_us);
  insert.BindBorrowed(7, absl::MakeConstSpan(reinterpret_cast<const uint8_t*>(entries.data()), entries.size()));
  MILLRACE_RETURN_IF_ERROR(insert.Run());
  return AddedVocabulary{std::move(record), true};
}

absl::StatusOr<VocabularyRecord> ReadVocabulary(Database& database, std::string_view reference) {
  MILLRACE_ASSIGN_OR_RETURN(const VocabularyReference parsed, ParseVocabularyReference(kField, reference));
  if (parsed.digest_prefix.empty()) {
    MILLRACE_ASSIGN_OR_RETURN(std::optional<VocabularyRecord> found, FindByName(database, parsed.name, parsed.version));
    if (!found.has_value()) return VocabularyNotFoundError(reference);
    return *std::move(found);
  }
  MILLRACE_ASSIGN_OR_RETURN(std::vector<VocabularyRecord> found, FindByDigest(database, parsed.digest_prefix, 1));
  if (found.empty()) return VocabularyNotFoundError(reference);
  return std::move(found[0]);
}

absl::StatusOr<StoredVocabulary> ReadVocabularyEntries(Database& database, std::string_view reference) {
  StoredVocabulary stored;
  MILLRACE_ASSIGN_OR_RETURN(stored.record, ReadVocabulary(database, reference));
  MILLRACE_ASSIGN_OR_RETURN(stored.entries, ReadEntries(database, stored.record));
  return stored;
}

absl::StatusOr<std::vector<VocabularyRecord>> ReadVocabularies(Database& database, std::string_view name,
                                                               const std::optional<VocabularyCursor>& after,
                                                               int64_t limit) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.PrepareCached(absl::StrCat(
                                                     kVocabularyColumns, "WHERE ", name.empty() ? "" : "name = ?4 AND ",
                                                     "name >= ?1 AND (name > ?1 OR version < ?2) "
                                                     "ORDER BY name, version DESC LIMIT ?3")));
  statement.Bind(1, after.has_value() ? std::string_view(after->name) : std::string_view());
  statement.Bind(2, after.has_value() ? after->version : INT64_MAX);
  statement.Bind(3, limit);
  if (!name.empty()) statement.Bind(4, name);
  return ReadRecords(statement);
}

absl::StatusOr<VocabularyRecord> DeleteVocabularyRow(Database& database, std::string_view reference) {
  MILLRACE_ASSIGN_OR_RETURN(VocabularyRecord record, ReadVocabulary(database, reference));
  MILLRACE_ASSIGN_OR_RETURN(const std::vector<VocabularyRecord> same, FindByDigest(database, record.digest, 2));
  const bool names_one = reference.substr(0, reference.find('@')) == record.name;
  if (!names_one && same.size() > 1) {
    return FieldError(kField,
                      absl::StrCat("several versions have the digest ", record.digest, ", ", NameOf(same[0]), " and ",
                                   NameOf(same[1]), " among them; name the one to delete as NAME@VERSION"));
  }
  MILLRACE_ASSIGN_OR_RETURN(Statement remove,
                            database.PrepareCached("DELETE FROM vocabularies WHERE name = ?1 AND version = ?2"));
  remove.Bind(1, record.name);
  remove.Bind(2, record.version);
  MILLRACE_RETURN_IF_ERROR(remove.Run());
  return record;
}

}  // namespace millrace
