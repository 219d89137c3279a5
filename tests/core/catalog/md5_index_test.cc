// Goal: the md5 index is filled whole and in any number of chunks, and never into the disk's headroom.
// Method: entries collected and written to a catalog whose disk always has, or never has, the headroom asked for.
#include "core/catalog/md5_index.h"

#include <limits>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kDatasetId = 7;
constexpr int64_t kImportId = 1;
constexpr int64_t kCacheSizeBytes = 1 << 20;
constexpr int64_t kMoreThanAnyDisk = std::numeric_limits<int64_t>::max();

// Different for every id, and in another order than the ids.
Md5 ScatteredMd5(int64_t post_id) {
  Md5 md5{};
  for (size_t i = 0; i < 8; ++i) md5[i] = static_cast<uint8_t>(post_id >> (8 * i));
  return md5;
}

std::vector<Md5Entry> Entries(int64_t count) {
  std::vector<Md5Entry> entries;
  for (int64_t id = 1; id <= count; ++id) entries.push_back({ScatteredMd5(id), id});
  return entries;
}

class Md5IndexFixture {
 public:
  std::unique_ptr<Connections> Open(int64_t disk_headroom_bytes) {
    return Take(Connections::Open(folder.File("catalog.sqlite3"), kCacheSizeBytes, disk_headroom_bytes));
  }

  absl::Status Write(Connections& connections, int64_t count) {
    const std::unique_ptr<Database> reader = Take(connections.OpenReader());
    Md5Collector collector = Take(Md5Collector::Create(*reader));
    Take(collector.Add(Entries(count)));
    return collector.WriteTo(connections, kDatasetId, kImportId);
  }

  int64_t Count(Connections& connections) {
    int64_t count = -1;
    Take(connections.Read([&](Database& database) -> absl::Status {
      MILLRACE_ASSIGN_OR_RETURN(count, database.QueryInt64("SELECT count(DISTINCT post_id) FROM post_md5s"));
      return absl::OkStatus();
    }));
    return count;
  }

  TempFolder folder;
};

TEST_CASE_METHOD(Md5IndexFixture, "all entries are written, over several chunks") {
  const auto connections = Open(/*disk_headroom_bytes=*/1);
  for (const int64_t count : {0, 1, 120'000}) {
    Take(Write(*connections, count));
    CHECK(Count(*connections) == count);
  }
}

TEST_CASE_METHOD(Md5IndexFixture, "entries that would eat into the headroom are not written") {
  const auto connections = Open(kMoreThanAnyDisk);
  const absl::Status status = Write(*connections, 10);
  CHECK(ReasonOf(status) == Reason::kDiskFull);
  CHECK(Count(*connections) == 0);
  Take(Write(*connections, 0));
}

}  // namespace
}  // namespace millrace
