// SQLite with owners, statuses and views in place of pointers and codes. The only header through which the
// rest of the project sees SQLite; it does not include sqlite3.h.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"

struct sqlite3;
struct sqlite3_stmt;

namespace millrace {

enum class ColumnType { kInteger, kReal, kText, kBlob, kNull };

class Database;

// A compiled statement. Must not outlive its database; used by the thread that uses the database. Parameters
// count from 1, columns from 0. A failed Bind is reported by the next Step.
class Statement {
 public:
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&& other) noexcept;
  ~Statement();

  // Copies text and blobs.
  void Bind(int index, int64_t value);
  void Bind(int index, std::string_view text);
  void Bind(int index, const char* text) { Bind(index, std::string_view(text)); }
  void Bind(int index, absl::Span<const uint8_t> blob);
  void BindNull(int index);
  template <typename T>
  void Bind(int index, const std::optional<T>& value) {
    if (value.has_value()) {
      Bind(index, *value);
    } else {
      BindNull(index);
    }
  }
  // The bytes are borrowed until the parameter is bound again or the statement is destroyed.
  void BindBorrowed(int index, std::string_view text);
  void BindBorrowed(int index, absl::Span<const uint8_t> blob);

  // Goes to the next row: true when there is one, false at the end.
  absl::StatusOr<bool> Step();
  // Executes a statement that gives no rows, and resets it for the next values.
  absl::Status Run();
  // Ready to run again from the start. Keeps the values bound.
  void Reset();

  // Of the row that Step went to. Views stay valid until the next Step or Reset.
  ColumnType Type(int column);
  bool IsNull(int column) { return Type(column) == ColumnType::kNull; }
  int64_t Int64(int column);
  std::string_view Text(int column);
  absl::Span<const uint8_t> Blob(int column);
  template <typename T>
  std::optional<T> OptionalInt(int column) {
    if (IsNull(column)) return std::nullopt;
    return static_cast<T>(Int64(column));
  }

 private:
  friend class Database;
  Statement(Database* database, sqlite3_stmt* statement, bool is_cached)
      : database_(database), statement_(statement), is_cached_(is_cached) {}
  void Release();
  void NoteBindResult(int code);

  Database* database_;
  sqlite3_stmt* statement_;
  bool is_cached_;
  int bind_result_ = 0;
};

// A connection. Used by one thread at a time. Errors name the file and say what failed: kDiskFull, kIoError,
// kCatalogDamaged (the file is not a database, or not a sound one), kCancelled, otherwise kInternal.
class Database {
 public:
  enum class Mode { kReadWrite, kReadOnly };  // kReadWrite creates the file when it is missing

  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::string& path, Mode mode);

  // Opens a file from somebody else, who may have made it to do harm: read-only and without touching any
  // file beside it, its schema not trusted (no views, triggers, virtual tables or extensions), with low
  // limits on everything; only SELECT, the harmless functions and schema pragmas are allowed. `cancelled` is
  // asked now and then while a statement runs; once it says true, the statement fails with kCancelled.
  // Faults of the file are kFileInvalid, and messages leave out the path: it is the server's own, while the
  // caller knows what the user calls the file.
  static absl::StatusOr<std::unique_ptr<Database>> OpenUntrusted(const std::string& path,
                                                                 std::function<bool()> cancelled);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  absl::StatusOr<Statement> Prepare(std::string_view sql);
  // As Prepare, but the compiled form is kept for the next time when the statement is destroyed. For texts
  // from a fixed set.
  absl::StatusOr<Statement> PrepareCached(std::string_view sql);
  // Runs one or several statements that give no rows of interest.
  absl::Status Execute(const std::string& sql);
  // The first column of the first row of `sql`, as an integer.
  absl::StatusOr<int64_t> QueryInt64(std::string_view sql);

  // Reads the whole file and checks its structure: kCatalogDamaged (OpenUntrusted: kFileInvalid) with the
  // first fault found.
  absl::Status CheckSound();

  // Rows that the last INSERT, UPDATE or DELETE changed.
  int64_t changed_row_count() const;
  int64_t last_insert_row() const;
  bool in_transaction() const;

 private:
  friend class Statement;
  Database(std::string path, bool is_untrusted) : path_(std::move(path)), is_untrusted_(is_untrusted) {}
  // The status for a result code of this connection; reads its error state, so call at once.
  absl::Status Error(int code);
  absl::StatusOr<sqlite3_stmt*> Compile(std::string_view sql, unsigned flags);
  absl::Status Restrict();

  const std::string path_;
  const bool is_untrusted_;
  std::function<bool()> cancelled_;
  sqlite3* handle_ = nullptr;
  // Statements of PrepareCached, by text; null: in use. The texts stay, so that taking one costs no memory.
  absl::flat_hash_map<std::string, sqlite3_stmt*> idle_statements_;
};

// Rolls back on destruction unless committed. Must not outlive the database.
class Transaction {
 public:
  // BEGIN IMMEDIATE: takes the write lock now rather than fail on it later.
  static absl::StatusOr<Transaction> BeginWrite(Database& database);
  // One moment's view of the database, from the first statement on.
  static absl::StatusOr<Transaction> BeginRead(Database& database);
  Transaction(Transaction&& other) noexcept : database_(std::exchange(other.database_, nullptr)) {}
  Transaction& operator=(Transaction&&) = delete;
  ~Transaction();

  absl::Status Commit();

 private:
  explicit Transaction(Database* database) : database_(database) {}
  Database* database_;  // null: over
};

}  // namespace millrace
