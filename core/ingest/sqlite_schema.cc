#include "core/ingest/sqlite_schema.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

absl::StatusOr<bool> HasPlainTable(Database& database, std::string_view name) {
  MILLRACE_ASSIGN_OR_RETURN(
      Statement statement,
      database.Prepare(
          "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND rootpage > 0 AND lower(name) = ?1"));
  statement.Bind(1, name);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  return has_row && statement.Int64(0) == 1;
}

absl::StatusOr<std::vector<std::string>> PlainColumns(Database& database, std::string_view table) {
  constexpr int kNameColumn = 1, kHiddenColumn = 6;
  MILLRACE_ASSIGN_OR_RETURN(Statement statement,
                            database.Prepare(absl::StrCat("PRAGMA table_xinfo(", QuoteIdentifier(table), ")")));
  std::vector<std::string> columns;
  while (true) {
    MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return columns;
    if (statement.Int64(kHiddenColumn) != 0) continue;
    columns.emplace_back(statement.Text(kNameColumn));
    // Names of columns without a field of ours become keys of JSON.
    if (!IsValidUtf8(columns.back())) {
      return MakeError(Reason::kFileInvalid, absl::StrCat("column ", columns.size(), " of table ", std::string(table),
                                                          " has a name that is not valid UTF-8; rename it."));
    }
  }
}

bool ContainsName(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& n) { return EqualsIgnoringCase(n, name); });
}

absl::Status CheckTables(Database& database, const std::vector<NeededTable>& needed, std::string_view format) {
  std::vector<std::string> missing;
  for (const NeededTable& table : needed) {
    const std::string table_name(table.name);
    MILLRACE_ASSIGN_OR_RETURN(const bool is_there, HasPlainTable(database, table.name));
    if (!is_there) {
      missing.push_back(absl::StrCat("no table ", table_name));
      continue;
    }
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> columns, PlainColumns(database, table.name));
    for (const std::string_view column : table.columns) {
      if (ContainsName(columns, column)) continue;
      missing.push_back(absl::StrCat("no column ", table_name, ".", std::string(column)));
    }
  }
  if (missing.empty()) return absl::OkStatus();
  return MakeError(Reason::kFileInvalid,
                   absl::StrCat("has ", absl::StrJoin(missing, ", "), ". Is this a ", std::string(format),
                                " file? Views and virtual tables do not count."));
}

absl::StatusOr<bool> HasRow(Database& database, const std::string& sql) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
  return statement.Step();
}

absl::StatusOr<std::string> IntegerColumn(Database& database, std::string_view table, std::string_view column) {
  const std::string name = QuoteIdentifier(column);
  MILLRACE_ASSIGN_OR_RETURN(const bool has_others,
                            HasRow(database, absl::StrCat("SELECT 1 FROM ", QuoteIdentifier(table), " WHERE typeof(",
                                                          name, ") NOT IN ('integer', 'null') LIMIT 1")));
  return has_others ? absl::StrCat("CAST(", name, " AS INTEGER)") : name;
}

std::string QuoteIdentifier(std::string_view name) {
  std::string quoted = "\"";
  for (const char c : name) {
    if (c == '"') quoted.push_back('"');
    quoted.push_back(c);
  }
  quoted.push_back('"');
  return quoted;
}

}  // namespace millrace
