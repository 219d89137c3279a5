// Goal: batches are written in turn while the next one is filled, and an error comes with whatever is called next.
// Method: batches of a few posts into a catalog whose disk has, or has not, the headroom asked for.
#include "core/catalog/batch_writer.h"

#include <limits>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kDatasetId = 7;
constexpr int64_t kImportId = 3;
constexpr int64_t kCacheSizeBytes = 1 << 20;

class BatchFixture {
 public:
  std::unique_ptr<Connections> Open(int64_t disk_headroom_bytes) {
    return Take(Connections::Open(folder.File("catalog.sqlite3"), kCacheSizeBytes, disk_headroom_bytes));
  }
  static StagingBatch BatchOf(const std::vector<int64_t>& ids) {
    StagingBatch batch;
    for (const int64_t id : ids) batch.Add(PostOf(id, {}), {}, {0, id * 10}, std::nullopt);
    return batch;
  }
  static int64_t Count(Connections& connections) {
    int64_t count = -1;
    Take(connections.Read([&](Database& database) -> absl::Status {
      MILLRACE_ASSIGN_OR_RETURN(
          count, database.QueryInt64("SELECT count(*) FROM posts WHERE dataset_id = 7 AND import_id = 3"));
      return absl::OkStatus();
    }));
    return count;
  }
  TempFolder folder;
};

TEST_CASE_METHOD(BatchFixture, "batches are written in turn, and tell the places of their posts meanwhile") {
  const auto connections = Open(0);
  BatchWriter writer(connections.get(), kDatasetId, kImportId);
  CHECK_FALSE(writer.FindPlace(1).has_value());
  StagingBatch batch = BatchOf({1, 2, 3});
  Take(writer.Begin(&batch));
  CHECK(batch.empty());
  CHECK_FALSE(batch.FindPlace(2).has_value());
  CHECK(writer.FindPlace(2)->line == 20);
  batch = BatchOf({4, 5});
  Take(writer.Begin(&batch));
  CHECK_FALSE(writer.FindPlace(2).has_value());
  CHECK(writer.FindPlace(5)->line == 50);
  Take(writer.Write(BatchOf({6})));
  CHECK(Count(*connections) == 6);
  Take(writer.Wait());
}

TEST_CASE_METHOD(BatchFixture, "what is being written when its writer goes is written whole") {
  const auto connections = Open(0);
  {
    BatchWriter writer(connections.get(), kDatasetId, kImportId);
    StagingBatch batch = BatchOf({1, 2, 3});
    Take(writer.Begin(&batch));
  }
  CHECK(Count(*connections) == 3);
}

TEST_CASE_METHOD(BatchFixture, "an error of writing comes with the next call, and nothing more is begun") {
  const auto connections = Open(std::numeric_limits<int64_t>::max());
  BatchWriter writer(connections.get(), kDatasetId, kImportId);
  StagingBatch batch = BatchOf({1});
  Take(writer.Begin(&batch));
  const std::string next = GENERATE(as<std::string>{}, "begin", "write", "wait");
  batch = BatchOf({2});
  const absl::Status status = next == "begin"   ? writer.Begin(&batch)
                              : next == "write" ? writer.Write(batch)
                                                : writer.Wait();
  CHECK(ReasonOf(status) == Reason::kDiskFull);
  CHECK_FALSE(batch.empty());
  Take(writer.Wait());
  CHECK(Count(*connections) == 0);
}

}  // namespace
}  // namespace millrace
