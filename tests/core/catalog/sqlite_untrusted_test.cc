// Goal: a SQLite file from somebody else can be read, and can do nothing.
// Method: files made with every feature that could bite, opened as untrusted, beside a plain one that must work.
#include <atomic>
#include <fstream>

#include "core/catalog/sqlite.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

class UntrustedFixture {
 public:
  // Makes the file with trusted SQL and opens it as untrusted.
  std::unique_ptr<Database> Make(const std::string& sql, std::function<bool()> cancelled = nullptr) {
    {
      auto database = Take(Database::Open(path, Database::Mode::kReadWrite));
      Take(database->Execute(sql));
    }
    return Take(Database::OpenUntrusted(path, std::move(cancelled)));
  }
  // The error of running the statement to its end.
  static absl::Status RunAll(Database& database, const std::string& sql) {
    MILLRACE_ASSIGN_OR_RETURN(Statement statement, database.Prepare(sql));
    while (true) {
      MILLRACE_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
      if (!has_row) return absl::OkStatus();
    }
  }

  TempFolder folder;
  // Characters that mean something in a URI are part of the name.
  std::string path = folder.File("odd ?name%41#.db");
};

TEST_CASE_METHOD(UntrustedFixture, "plain tables are read") {
  auto database = Make(
      "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT CHECK (name <> upper('x'))); "
      "INSERT INTO t VALUES (1, 'a'), (2, NULL)");
  Take(database->CheckSound());
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 2);
  Take(RunAll(*database, "PRAGMA table_info(t)"));
  Statement statement = Take(database->Prepare("SELECT id, name FROM t WHERE id > ?1 ORDER BY id"));
  statement.Bind(1, int64_t{0});
  REQUIRE(Take(statement.Step()));
  CHECK(statement.Text(1) == "a");
}

TEST_CASE_METHOD(UntrustedFixture, "what is not plain reading is refused") {
  auto database = Make(
      "CREATE TABLE t (x); INSERT INTO t VALUES (1); CREATE VIEW v AS SELECT x FROM t; "
      "CREATE TABLE generated (x, y AS (hex(zeroblob(x)))); INSERT INTO generated VALUES (17000000); "
      "CREATE VIRTUAL TABLE words USING fts5 (word); CREATE VIRTUAL TABLE boxes USING rtree (id, a, b)");
  const std::string sql = GENERATE(
      "SELECT x FROM v", "SELECT word FROM words", "SELECT id FROM boxes", "SELECT * FROM dbstat",
      "SELECT y FROM generated", "INSERT INTO t VALUES (2)", "DELETE FROM t", "DROP TABLE t", "CREATE TABLE u (x)",
      "CREATE TEMP TABLE u (x)", "ATTACH ':memory:' AS other", "VACUUM INTO 'copy'", "PRAGMA writable_schema=ON",
      "PRAGMA query_only=OFF", "PRAGMA trusted_schema=ON", "BEGIN IMMEDIATE", "SELECT load_extension('x')",
      "SELECT writefile('x', 'y')", "SELECT randomblob(100000000)", "SELECT zeroblob(100000000)",
      "WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n) SELECT count(*) FROM n");
  const absl::Status status = RunAll(*database, sql);
  INFO(sql << ": " << status.ToString());
  CHECK(ReasonOf(status) == Reason::kFileInvalid);
  CHECK(std::string(status.message()).find(folder.path()) == std::string::npos);
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 1);
}

TEST_CASE_METHOD(UntrustedFixture, "nothing beside the file is made or read") {
  {
    auto database = Take(Database::Open(path, Database::Mode::kReadWrite));
    Take(database->Execute("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1)"));
  }
  std::ofstream(path + "-journal") << "not a journal";
  auto database = Take(Database::OpenUntrusted(path, nullptr));
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 1);
  int file_count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder.path())) ++file_count;
  CHECK(file_count == 2);
}

TEST_CASE_METHOD(UntrustedFixture, "a value beyond the limit is an error") {
  auto database = Make("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(17000000))");
  CHECK(ReasonOf(RunAll(*database, "SELECT x FROM t")) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(UntrustedFixture, "what is not a sound database is the file's fault") {
  std::ofstream(path) << std::string(10'000, 'x');
  CHECK(ReasonOf(Database::OpenUntrusted(path, nullptr).status()) == Reason::kFileInvalid);
  CHECK(ReasonOf(Database::OpenUntrusted(folder.File("none"), nullptr).status()) == Reason::kIoError);
  {
    auto whole = Take(Database::Open(folder.File("b"), Database::Mode::kReadWrite));
    Take(whole->Execute("CREATE TABLE t (x); INSERT INTO t VALUES (zeroblob(100000)), (zeroblob(100000))"));
  }
  std::filesystem::copy_file(folder.File("b"), folder.File("c"));
  std::filesystem::resize_file(folder.File("b"), 4096 * 3);
  CHECK(ReasonOf(Database::OpenUntrusted(folder.File("b"), nullptr).status()) == Reason::kFileInvalid);
  std::fstream(folder.File("c"), std::ios::in | std::ios::out | std::ios::binary).seekp(4096) << std::string(4096, 'x');
  auto damaged = Take(Database::OpenUntrusted(folder.File("c"), nullptr));
  CHECK(ReasonOf(damaged->CheckSound()) == Reason::kFileInvalid);
}

TEST_CASE_METHOD(UntrustedFixture, "a long statement stops when it is cancelled") {
  bool is_cancelled = false;
  auto database = Make(
      "CREATE TABLE t (x); INSERT INTO t WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM "
      "n WHERE v < 2000) SELECT v FROM n",
      [&] { return is_cancelled; });
  is_cancelled = true;
  // Eight thousand million rows: only the cancellation ends it.
  CHECK(ReasonOf(database->QueryInt64("SELECT count(*) FROM t a, t b, t c WHERE a.x + b.x > c.x").status()) ==
        Reason::kCancelled);
  is_cancelled = false;
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 2000);
}

}  // namespace
}  // namespace millrace
