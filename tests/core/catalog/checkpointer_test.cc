// Goal: pages of refreshes reach the catalog's file without the write that fills its log. Method: a write smaller than
// the log that the writing connection itself empties, and a look at the file's size.
#include "core/catalog/checkpointer.h"

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/catalog/connections.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kWrittenBytes = 4 << 20;

class CheckpointerFixture {
 public:
  CheckpointerFixture() {
    Take(connections->Write([](Database& database) -> absl::Status {
      MILLRACE_RETURN_IF_ERROR(database.Execute("CREATE TABLE filler (bytes BLOB)"));
      return database.Execute("INSERT INTO filler VALUES (zeroblob(4 << 20))");
    }));
  }
  int64_t FileSize() const { return static_cast<int64_t>(std::filesystem::file_size(path)); }
  bool GrowsWithin(std::chrono::milliseconds time) const {
    const auto end = std::chrono::steady_clock::now() + time;
    while (FileSize() < kWrittenBytes && std::chrono::steady_clock::now() < end) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return FileSize() >= kWrittenBytes;
  }

  TempFolder folder;
  std::string path = folder.File("catalog.sqlite3");
  std::unique_ptr<Connections> connections = Take(Connections::Open(path, 1 << 20, 0));
};

TEST_CASE_METHOD(CheckpointerFixture, "the log is copied into the file beside the pages, once there are some") {
  for (int i = 1; i < Checkpointer::kPagesPerCheckpoint; ++i) connections->NotePage();
  CHECK_FALSE(GrowsWithin(std::chrono::milliseconds(50)));
  connections->NotePage();
  CHECK(GrowsWithin(std::chrono::seconds(20)));
}

TEST_CASE_METHOD(CheckpointerFixture, "a read that began before keeps no page waiting, and sees what it saw") {
  const auto reader = Take(connections->OpenReader());
  Take(connections->Read([&](Database& database) -> absl::Status {
    MILLRACE_ASSIGN_OR_RETURN(const int64_t before, database.QueryInt64("SELECT count(*) FROM filler"));
    CHECK(before == 1);
    for (int page = 0; page < 3 * Checkpointer::kPagesPerCheckpoint; ++page) {
      MILLRACE_RETURN_IF_ERROR(connections->Write(
          [](Database& writer) { return writer.Execute("INSERT INTO filler VALUES (zeroblob(100))"); }));
      connections->NotePage();
    }
    MILLRACE_ASSIGN_OR_RETURN(const int64_t after, database.QueryInt64("SELECT count(*) FROM filler"));
    CHECK(after == before);
    return absl::OkStatus();
  }));
  CHECK(Take(reader->QueryInt64("SELECT count(*) FROM filler")) == 1 + 3 * Checkpointer::kPagesPerCheckpoint);
}

}  // namespace
}  // namespace millrace
