#include "core/catalog/sqlite.h"

#include <sqlite3.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

// Other connections of this process hold a lock for moments only (recovery of the WAL, a checkpoint's end).
constexpr int kBusyTimeoutMs = 10'000;

bool IsOutOfSpace(int error_number) { return error_number == ENOSPC || error_number == EDQUOT; }

// What the system said when it last failed to read, write or sync one of the connection's files; 0: nothing. SQLite
// tells it for few of its errors: it calls a failed read corruption (its SQLITE_IOERR_CORRUPTFS), and is silent about a
// failed commit. The word may be older than the error at hand: it stays until that file's next short read.
int FileErrno(sqlite3* handle) {
  for (const char* const name : {"main", "temp"}) {
    for (const int which : {SQLITE_FCNTL_FILE_POINTER, SQLITE_FCNTL_JOURNAL_POINTER}) {
      sqlite3_file* file = nullptr;
      int error_number = 0;
      if (sqlite3_file_control(handle, name, which, &file) != SQLITE_OK) continue;
      if (file == nullptr || file->pMethods == nullptr) continue;
      file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error_number);
      if (error_number != 0) return error_number;
    }
  }
  return 0;
}

// The errors of a read that SQLite calls corruption.
int FailedReadErrno(sqlite3* handle) {
  const int error_number = FileErrno(handle);
  return error_number == EIO || error_number == ENXIO || error_number == ERANGE ? error_number : 0;
}

// Before the first connection: SQLite need not count what it allocates, which takes a lock of all connections twice for
// each piece of memory. (Fails, and changes nothing, where another library of the process was first.)
void StopCountingMemory() {
  static const int kResult = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(kResult);
}

// Any non-null address: SQLite takes a null pointer for NULL, not for empty.
const char* NonNull(const void* data) { return data != nullptr ? static_cast<const char*>(data) : ""; }

}  // namespace

Statement::Statement(Statement&& other) noexcept
    : database_(other.database_),
      statement_(std::exchange(other.statement_, nullptr)),
      is_cached_(other.is_cached_),
      bind_result_(other.bind_result_) {}

Statement& Statement::operator=(Statement&& other) noexcept {
  if (this != &other) {
    Release();
    database_ = other.database_;
    statement_ = std::exchange(other.statement_, nullptr);
    is_cached_ = other.is_cached_;
    bind_result_ = other.bind_result_;
  }
  return *this;
}

Statement::~Statement() { Release(); }

void Statement::Release() {
  if (statement_ == nullptr) return;
  if (is_cached_) {
    sqlite3_reset(statement_);
    sqlite3_clear_bindings(statement_);
    sqlite3_stmt*& idle = database_->idle_statements_[sqlite3_sql(statement_)];
    if (idle == nullptr) {
      idle = std::exchange(statement_, nullptr);
      return;
    }
  }
  sqlite3_finalize(std::exchange(statement_, nullptr));
}

void Statement::NoteBindResult(int code) {
  if (code != SQLITE_OK && bind_result_ == SQLITE_OK) bind_result_ = code;
}

void Statement::Bind(int index, int64_t value) { NoteBindResult(sqlite3_bind_int64(statement_, index, value)); }

void Statement::Bind(int index, std::string_view text) {
  NoteBindResult(
      sqlite3_bind_text64(statement_, index, NonNull(text.data()), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8));
}

void Statement::Bind(int index, absl::Span<const uint8_t> blob) {
  NoteBindResult(sqlite3_bind_blob64(statement_, index, NonNull(blob.data()), blob.size(), SQLITE_TRANSIENT));
}

void Statement::BindNull(int index) { NoteBindResult(sqlite3_bind_null(statement_, index)); }

void Statement::BindBorrowed(int index, std::string_view text) {
  NoteBindResult(sqlite3_bind_text64(statement_, index, NonNull(text.data()), text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Statement::BindBorrowed(int index, absl::Span<const uint8_t> blob) {
  NoteBindResult(sqlite3_bind_blob64(statement_, index, NonNull(blob.data()), blob.size(), SQLITE_STATIC));
}

absl::StatusOr<bool> Statement::Step() {
  if (bind_result_ != SQLITE_OK) return database_->Error(std::exchange(bind_result_, SQLITE_OK));
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->Error(code);
}

absl::Status Statement::Run() {
  const absl::StatusOr<bool> stepped = Step();
  sqlite3_reset(statement_);
  return stepped.status();
}

void Statement::Reset() { sqlite3_reset(statement_); }

ColumnType Statement::Type(int column) {
  switch (sqlite3_column_type(statement_, column)) {
    case SQLITE_INTEGER:
      return ColumnType::kInteger;
    case SQLITE_FLOAT:
      return ColumnType::kReal;
    case SQLITE_TEXT:
      return ColumnType::kText;
    case SQLITE_BLOB:
      return ColumnType::kBlob;
    default:
      return ColumnType::kNull;
  }
}

int64_t Statement::Int64(int column) { return sqlite3_column_int64(statement_, column); }

std::string_view Statement::Text(int column) {
  // The pointer first: asking for it may convert the value and so change its size.
  const char* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  return text == nullptr ? std::string_view()
                         : std::string_view(text, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

absl::Span<const uint8_t> Statement::Blob(int column) {
  const auto* bytes = static_cast<const uint8_t*>(sqlite3_column_blob(statement_, column));
  return bytes == nullptr ? absl::Span<const uint8_t>()
                          : absl::MakeConstSpan(bytes, static_cast<size_t>(sqlite3_column_bytes(statement_, column)));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::string& path, Mode mode) {
  StopCountingMemory();
  std::unique_ptr<Database> database(new Database(path, /*is_untrusted=*/false));
  const int access = mode == Mode::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  const int flags = access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &database->handle_, flags, nullptr);
  if (code != SQLITE_OK) return database->Error(code);
  sqlite3_busy_timeout(database->handle_, kBusyTimeoutMs);
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : idle_statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

absl::Status Database::Error(int code) {
  // Without a handle there was no memory for one.
  const int primary = handle_ == nullptr ? SQLITE_NOMEM : code & 0xFF;
  int error_number = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  const char* cause = handle_ == nullptr ? sqlite3_errstr(SQLITE_NOMEM) : sqlite3_errmsg(handle_);
  const std::string what = is_untrusted_ ? absl::StrCat("SQLite: ", cause) : absl::StrCat(path_, ": ", cause);
  switch (primary) {
    case SQLITE_INTERRUPT:
      return MakeError(Reason::kCancelled, absl::StrCat(what, " (cancelled)"));
    case SQLITE_FULL:
      return MakeError(Reason::kDiskFull, absl::StrCat(what, ". Free some space and try again."));
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      if (error_number == 0) error_number = FileErrno(handle_);
      if (IsOutOfSpace(error_number)) {
        return MakeError(Reason::kDiskFull, absl::StrCat(what, " (no space left). Free some space and try again."));
      }
      return MakeError(Reason::kIoError, absl::StrCat(what, " (SQLite code ", code, ", errno ", error_number, ")"));
    case SQLITE_NOMEM:
      // Also what compiling a statement over the limits of an untrusted file gives (sqlite_untrusted.cc).
      if (is_untrusted_ && handle_ != nullptr) {
        return MakeError(
            Reason::kFileInvalid,
            "SQLite: the file has more tables and indexes than can be checked. Copy the tables of the dump "
            "into a file of their own.");
      }
      return MakeError(Reason::kInternal, absl::StrCat(what, " (out of memory)"));
    default:
      break;
  }
  const bool is_damage = primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
  if (const int failed = is_damage ? FailedReadErrno(handle_) : 0; failed != 0) {
    return ErrnoError(failed, absl::StrCat("read ", is_untrusted_ ? "the file" : path_));
  }
  if (is_untrusted_) {
    return MakeError(Reason::kFileInvalid, absl::StrCat(what, is_damage ? ". Check the file, or fetch it again." : ""));
  }
  if (is_damage) {
    return MakeError(Reason::kCatalogDamaged,
                     absl::StrCat(what, ". Restore the file from a backup, or move it away to start anew."));
  }
  return MakeError(Reason::kInternal, absl::StrCat(what, " (SQLite code ", code, ")"));
}

absl::StatusOr<sqlite3_stmt*> Database::Compile(std::string_view sql, unsigned flags) {
  sqlite3_stmt* statement = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()), flags, &statement, /*pzTail=*/nullptr);
  if (code != SQLITE_OK) return Error(code);
  return statement;
}

absl::StatusOr<Statement> Database::Prepare(std::string_view sql) {
  MILLRACE_ASSIGN_OR_RETURN(sqlite3_stmt * statement, Compile(sql, 0));
  return Statement(this, statement, /*is_cached=*/false);
}

absl::StatusOr<Statement> Database::PrepareCached(std::string_view sql) {
  if (const auto idle = idle_statements_.find(absl::string_view(sql.data(), sql.size()));
      idle != idle_statements_.end() && idle->second != nullptr) {
    return Statement(this, std::exchange(idle->second, nullptr), /*is_cached=*/true);
  }
  MILLRACE_ASSIGN_OR_RETURN(sqlite3_stmt * statement, Compile(sql, SQLITE_PREPARE_PERSISTENT));
  return Statement(this, statement, /*is_cached=*/true);
}

absl::Status Database::Execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  return code == SQLITE_OK ? absl::OkStatus() : Error(code);
}

absl::StatusOr<int64_t> Database::QueryInt64(std::string_view sql) {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, Prepare(sql));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (!has_row) return MakeError(Reason::kInternal, absl::StrCat("no row: ", std::string(sql)));
  return statement.Int64(0);
}

absl::Status Database::CheckSound() {
  MILLRACE_ASSIGN_OR_RETURN(Statement statement, Prepare("PRAGMA quick_check(1)"));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
  if (has_row && statement.Text(0) == "ok") return absl::OkStatus();
  if (const int failed = FailedReadErrno(handle_); failed != 0)
    return ErrnoError(failed, absl::StrCat("read ", is_untrusted_ ? "the file" : path_));
  const std::string fault(has_row ? statement.Text(0) : "no answer");
  return is_untrusted_ ? MakeError(Reason::kFileInvalid, absl::StrCat("SQLite: the file is damaged: ", fault,
                                                                      ". Check the file, or fetch it again."))
                       : MakeError(Reason::kCatalogDamaged, absl::StrCat(path_, " is damaged: ", fault));
}

int64_t Database::changed_row_count() const { return sqlite3_changes64(handle_); }
int64_t Database::last_insert_row() const { return sqlite3_last_insert_rowid(handle_); }
bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

absl::StatusOr<Transaction> Transaction::BeginWrite(Database& database) {
  MILLRACE_ASSIGN_OR_RETURN(Statement begin, database.PrepareCached("BEGIN IMMEDIATE"));
  MILLRACE_RETURN_IF_ERROR(begin.Run());
  return Transaction(&database);
}

absl::StatusOr<Transaction> Transaction::BeginRead(Database& database) {
  MILLRACE_ASSIGN_OR_RETURN(Statement begin, database.PrepareCached("BEGIN DEFERRED"));
  MILLRACE_RETURN_IF_ERROR(begin.Run());
  return Transaction(&database);
}

Transaction::~Transaction() {
  // Some errors (a full disk) have rolled back already. When ROLLBACK itself fails, the connection stays in the
  // transaction and its next BEGIN reports that.
  if (database_ == nullptr || !database_->in_transaction()) return;
  absl::StatusOr<Statement> rollback = database_->PrepareCached("ROLLBACK");
  if (rollback.ok()) rollback->Run().IgnoreError();
}

absl::Status Transaction::Commit() {
  MILLRACE_ASSIGN_OR_RETURN(Statement commit, database_->PrepareCached("COMMIT"));
  // A COMMIT that fails leaves the transaction open: the destructor still has to roll back.
  MILLRACE_RETURN_IF_ERROR(commit.Run());
  database_ = nullptr;
  return absl::OkStatus();
}

}  // namespace millrace
