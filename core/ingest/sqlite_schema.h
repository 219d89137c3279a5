// What a SQLite dump's schema holds, as far as a file from somebody else can be asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Whether there is a table with pages of its own: views and virtual tables have none. `name` in lower case; SQLite
// compares names without regard to case, and so does all of this.
absl::StatusOr<bool> HasPlainTable(Database& database, std::string_view name);

// The stored columns, as the file writes them. Generated columns are left out: they are expressions of the file's
// author. kFileInvalid for a name that is not UTF-8.
absl::StatusOr<std::vector<std::string>> PlainColumns(Database& database, std::string_view table);

bool ContainsName(const std::vector<std::string>& names, std::string_view name);

struct NeededTable {
  std::string_view name;  // in lower case
  std::vector<std::string_view> columns;
};
// kFileInvalid, without the file's name, when a table or a column is not there, or is not a plain one (a view or a
// virtual table could run code of the file's author). `format` is for the message.
absl::Status CheckTables(Database& database, const std::vector<NeededTable>& needed, std::string_view format);

// Whether the query has a row.
absl::StatusOr<bool> HasRow(Database& database, const std::string& sql);

// SQL for a column as an integer. A column that holds only integers stands for itself, so that an index on it serves;
// for others, text among them, the cast makes order and comparison those of numbers.
absl::StatusOr<std::string> IntegerColumn(Database& database, std::string_view table, std::string_view column);

// An identifier in double quotes, for SQL.
std::string QuoteIdentifier(std::string_view name);

}  // namespace millrace
