// Goal: the md5 index is filled whole and in any number of chunks, and never into the disk's headroom.
// Method: entries collected and written to a catalog whose disk always has, or never has, the headroom asked for.
#include "core/catalog/md5_index.h"

#include <algorithm>
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

  absl::Status Write(Connections& connections, int64_t count, size_t run_entry_count = Md5Collector::kRunEntryCount) {
    const std::unique_ptr<Database> reader = Take(connections.OpenReader());
    Md5Collector collector = Take(Md5Collector::Create(*reader, run_entry_count));
    // In several parts, as batches of posts come.
    const std::vector<Md5Entry> entries = Entries(count);
    const absl::Span<const Md5Entry> all = entries;
    for (size_t begin = 0; begin < all.size(); begin += 1'700) Take(collector.Add(all.subspan(begin, 1'700)));
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

TEST_CASE_METHOD(Md5IndexFixture, "entries that were put aside in runs are written as those that were not") {
  const auto connections = Open(/*disk_headroom_bytes=*/1);
  // Runs of some parts each, of less than one, of one entry; the last one full or not.
  const auto [count, run_entry_count] = GENERATE(table<int64_t, size_t>(
      {{120'000, 5'000}, {120'000, 4'099}, {5'000, 64}, {300, 1}, {4'096, 4'096}, {4'097, 4'096}}));
  Take(Write(*connections, count, run_entry_count));
  CHECK(Count(*connections) == count);
  Take(connections->Read([&](Database& database) -> absl::Status {
    Statement all = Take(database.Prepare("SELECT dataset_id, md5, post_id FROM post_md5s"));
    int64_t wrong_count = 0;
    while (Take(all.Step())) {
      const Md5 md5 = ScatteredMd5(all.Int64(2));
      const absl::Span<const uint8_t> written = all.Blob(1);
      wrong_count += all.Int64(0) != kDatasetId || !std::equal(md5.begin(), md5.end(), written.begin(), written.end());
    }
    CHECK(wrong_count == 0);
    return absl::OkStatus();
  }));
}

TEST_CASE_METHOD(Md5IndexFixture, "posts of one md5 are written each, in runs or not, and none twice") {
  const auto connections = Open(/*disk_headroom_bytes=*/1);
  const std::unique_ptr<Database> reader = Take(connections->OpenReader());
  Md5Collector collector = Take(Md5Collector::Create(*reader, GENERATE(size_t{2}, size_t{100})));
  Take(collector.Add(std::vector<Md5Entry>{{Md5Of(1), 3}, {Md5Of(1), 2}, {Md5Of(0), 9}, {Md5Of(1), 3}, {Md5Of(1), 1}}));
  Take(collector.WriteTo(*connections, kDatasetId, kImportId));
  CHECK(Count(*connections) == 4);
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
