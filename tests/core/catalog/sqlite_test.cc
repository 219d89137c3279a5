// Goal: the interface to SQLite reports every failure with the right reason, and binds and reads what it is given.
// Method: small databases in a temporary folder.
#include "core/catalog/sqlite.h"

#include <fstream>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

TEST_CASE("values are bound and read as they are") {
  TempFolder folder;
  auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadWrite));
  Statement statement = Take(database->Prepare("SELECT ?1, ?2, ?3, ?4, 1.5, ?5"));
  const std::vector<uint8_t> blob = {0, 255};
  statement.Bind(1, int64_t{INT64_MIN});
  statement.Bind(2, std::string("a\0b", 3));
  statement.Bind(3, absl::MakeConstSpan(blob));
  statement.Bind(4, std::optional<int64_t>());
  statement.BindBorrowed(5, std::string_view());
  for (int round = 0; round < 2; ++round) {
    REQUIRE(Take(statement.Step()));
    CHECK(statement.Int64(0) == INT64_MIN);
    CHECK(statement.Text(1) == std::string_view("a\0b", 3));
    CHECK(statement.Blob(2) == absl::MakeConstSpan(blob));
    CHECK(statement.IsNull(3));
    CHECK(statement.Type(4) == ColumnType::kReal);
    CHECK(statement.Type(5) == ColumnType::kText);
    CHECK_FALSE(Take(statement.Step()));
    statement.Reset();
  }
}

TEST_CASE("a cached statement may be in use twice, and starts anew each time") {
  TempFolder folder;
  auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadWrite));
  constexpr std::string_view kSql = "SELECT ?1";
  for (int round = 0; round < 2; ++round) {
    Statement outer = Take(database->PrepareCached(kSql));
    Statement inner = Take(database->PrepareCached(kSql));
    outer.Bind(1, int64_t{1});
    REQUIRE(Take(outer.Step()));
    REQUIRE(Take(inner.Step()));
    CHECK(outer.Int64(0) == 1);
    CHECK(inner.IsNull(0));
  }
}

TEST_CASE("a transaction that is not committed is undone") {
  TempFolder folder;
  auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadWrite));
  Take(database->Execute("CREATE TABLE t (x)"));
  {
    const Transaction transaction = Take(Transaction::BeginWrite(*database));
    Take(database->Execute("INSERT INTO t VALUES (1)"));
  }
  CHECK_FALSE(database->in_transaction());
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 0);
  Transaction transaction = Take(Transaction::BeginWrite(*database));
  Take(database->Execute("INSERT INTO t VALUES (1)"));
  Take(transaction.Commit());
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 1);
}

TEST_CASE("a full disk is told as such, and undone") {
  TempFolder folder;
  auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadWrite));
  Take(database->Execute("PRAGMA journal_mode=WAL; CREATE TABLE t (x); PRAGMA max_page_count=10"));
  {
    const Transaction transaction = Take(Transaction::BeginWrite(*database));
    const absl::Status status = database->Execute("INSERT INTO t VALUES (zeroblob(1000000))");
    CHECK(ReasonOf(status) == Reason::kDiskFull);
    CHECK(std::string(status.message()).find(folder.File("a")) != std::string::npos);
  }
  CHECK(Take(database->QueryInt64("SELECT count(*) FROM t")) == 0);
  Take(database->Execute("INSERT INTO t VALUES (1)"));
}

TEST_CASE("faults of the file and of the program have different reasons") {
  TempFolder folder;
  CHECK(ReasonOf(Database::Open(folder.File("none"), Database::Mode::kReadOnly).status()) == Reason::kIoError);
  std::ofstream(folder.File("text")) << std::string(4096, 'x');
  auto text = Take(Database::Open(folder.File("text"), Database::Mode::kReadWrite));
  CHECK(ReasonOf(text->QueryInt64("SELECT count(*) FROM sqlite_schema").status()) == Reason::kCatalogDamaged);
  auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadWrite));
  CHECK(ReasonOf(database->Prepare("SELEKT").status()) == Reason::kInternal);
  Statement statement = Take(database->Prepare("SELECT 1"));
  statement.Bind(5, int64_t{1});
  CHECK(ReasonOf(statement.Step().status()) == Reason::kInternal);
}

TEST_CASE("damage in the middle of a file is found by the check") {
  TempFolder folder;
  {
    auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadWrite));
    Take(database->Execute(
        "CREATE TABLE t (x); CREATE INDEX i ON t (x); "
        "INSERT INTO t WITH RECURSIVE n (v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < 5000) "
        "SELECT v || hex(randomblob(20)) FROM n"));
    Take(database->CheckSound());
  }
  std::fstream file(folder.File("a"), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096 * 3);
  file << std::string(4096, '\xFF');
  file.close();
  auto database = Take(Database::Open(folder.File("a"), Database::Mode::kReadOnly));
  CHECK(ReasonOf(database->CheckSound()) == Reason::kCatalogDamaged);
}

}  // namespace
}  // namespace millrace
