// Database::OpenUntrusted. SQLite's own advice for hostile files (sqlite.org/security.html), and what follows
// from never needing more than to read plain tables.
#include <sqlite3.h>

#include <array>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/sqlite.h"

namespace millrace {
namespace {

// Often enough to stop within milliseconds, rarely enough to cost nothing.
constexpr int kProgressInstructionCount = 10'000;

struct Limit {
  int id;
  int value;
};
constexpr Limit kLimits[] = {
    {SQLITE_LIMIT_LENGTH, 16 << 20},     // of one value and of one row
    {SQLITE_LIMIT_SQL_LENGTH, 100'000},  // the schema's statements count too
    {SQLITE_LIMIT_COLUMN, 200},
    {SQLITE_LIMIT_EXPR_DEPTH, 20},
    {SQLITE_LIMIT_COMPOUND_SELECT, 3},
    {SQLITE_LIMIT_VDBE_OP, 25'000},
    {SQLITE_LIMIT_FUNCTION_ARG, 8},
    {SQLITE_LIMIT_ATTACHED, 0},
    {SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50},
    {SQLITE_LIMIT_VARIABLE_NUMBER, 16},
    {SQLITE_LIMIT_TRIGGER_DEPTH, 1},
    {SQLITE_LIMIT_WORKER_THREADS, 0},
};

struct Switch {
  int id;
  int value;
};
constexpr Switch kSwitches[] = {
    {SQLITE_DBCONFIG_DEFENSIVE, 1},
    {SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0},
    {SQLITE_DBCONFIG_ENABLE_TRIGGER, 0},
    {SQLITE_DBCONFIG_ENABLE_VIEW, 0},
    {SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0},
    {SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0},
    {SQLITE_DBCONFIG_DQS_DDL, 0},
    {SQLITE_DBCONFIG_DQS_DML, 0},
};

constexpr const char* kAllowedFunctions[] = {"count",  "max", "min",   "sum",     "length",
                                             "typeof", "abs", "lower", "coalesce"};
constexpr const char* kAllowedPragmas[] = {"table_info", "table_xinfo", "table_list", "index_list", "quick_check"};

template <size_t N>
bool Contains(const char* const (&names)[N], const char* name) {
  for (const char* candidate : names) {
    if (name != nullptr && absl::EqualsIgnoreCase(candidate, name)) return true;
  }
  return false;
}

// Asked while a statement is compiled, about each thing that it would do.
int Authorize(void* /*context*/, int action, const char* first, const char* second, const char* /*database*/,
              const char* /*inner*/) {
  switch (action) {
    case SQLITE_SELECT:
    case SQLITE_READ:
      return SQLITE_OK;
    case SQLITE_FUNCTION:
      return Contains(kAllowedFunctions, second) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_PRAGMA:
      return Contains(kAllowedPragmas, first) ? SQLITE_OK : SQLITE_DENY;
    default:
      return SQLITE_DENY;
  }
}

// The path as the URI that opens it without journal, WAL or locks: what lies beside the file is not ours to
// read or to change.
std::string ImmutableUri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      constexpr char kDigits[] = "0123456789ABCDEF";
      uri += {'%', kDigits[(c >> 4) & 15], kDigits[c & 15]};
    } else {
      uri += c;
    }
  }
  return uri + "?mode=ro&immutable=1";
}

}  // namespace

absl::StatusOr<std::unique_ptr<Database>> Database::OpenUntrusted(const std::string& path,
                                                                  std::function<bool()> cancelled) {
  std::unique_ptr<Database> database(new Database(path, /*is_untrusted=*/true));
  const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(ImmutableUri(path).c_str(), &database->handle_, flags, nullptr);
  if (code != SQLITE_OK) return database->Error(code);
  database->cancelled_ = std::move(cancelled);
  MILLRACE_RETURN_IF_ERROR(database->Restrict());
  // The first read of the file: tells a file that is no database from one that is.
  MILLRACE_RETURN_IF_ERROR(database->QueryInt64("SELECT count(*) FROM sqlite_schema").status());
  return database;
}

absl::Status Database::Restrict() {
  for (const Limit& limit : kLimits) sqlite3_limit(handle_, limit.id, limit.value);
  for (const Switch& option : kSwitches) {
    const int code = sqlite3_db_config(handle_, option.id, option.value, nullptr);
    if (code != SQLITE_OK) return Error(code);
  }
  // Without modules no virtual table can be opened, whatever the schema says: their code reads shadow tables
  // that the file's author wrote.
  if (const int code = sqlite3_drop_modules(handle_, nullptr); code != SQLITE_OK) return Error(code);
  MILLRACE_RETURN_IF_ERROR(
      Execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; PRAGMA query_only=ON; "
              // quick_check would otherwise evaluate the file's own CHECK expressions.
              "PRAGMA ignore_check_constraints=ON; "
              "PRAGMA cache_size=-16384"));
  sqlite3_set_authorizer(handle_, &Authorize, nullptr);
  if (cancelled_) {
    const auto ask = [](void* database) { return static_cast<Database*>(database)->cancelled_() ? 1 : 0; };
    sqlite3_progress_handler(handle_, kProgressInstructionCount, ask, this);
  }
  return absl::OkStatus();
}

}  // namespace millrace
