// Goal: a trainer that reads a split through readers sees every post of it once an epoch, from any position on, with
// the ids that belong to the rows. Method: a snapshot of 300 posts in a folder of its own, plans over it, all steps.
#include "core/batch/batch.h"

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/base/error.h"
#include "core/snapshot/writer.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kPostCount = 300;

// Ids that are neither dense nor equal to the rows.
int64_t PostIdOfRow(int64_t row) { return 1000 + 7 * row + row % 3; }

class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "millrace-batch-XXXXXX").string();
    REQUIRE(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::shared_ptr<const Snapshot> WriteSnapshot(const std::string& folder, int64_t post_count) {
  auto writer = SnapshotWriter::Create(folder, {{.id = 1, .name = "sky", .category = TagCategory::kGeneral}});
  REQUIRE(writer.ok());
  for (int64_t row = 0; row < post_count; ++row) {
    Post post;
    post.id = PostIdOfRow(row);
    post.tag_ids = {1};
    REQUIRE((*writer)->Add(post).ok());
  }
  const auto written = (*writer)->Finish();
  REQUIRE(written.ok());
  auto snapshot = Snapshot::Open(written->path, written->digest);
  REQUIRE(snapshot.ok());
  return *std::move(snapshot);
}

struct Fixture {
  explicit Fixture(LastBatch last_batch = LastBatch::kKeep) : snapshot(WriteSnapshot(folder.path(), kPostCount)) {
    PlanSpec spec;
    spec.snapshot = snapshot->digest();
    spec.seed = 42;
    spec.splits = DefaultSplits();
    spec.batch_size = 32;
    spec.last_batch = last_batch;
    plan = std::make_shared<const Plan>(Plan::Open(std::move(spec), snapshot->post_count()).value());
  }
  BatchReader Reader(std::string_view split, Rank rank = {}) const {
    return BatchReader::Create(plan, snapshot, split, rank).value();
  }

  TempFolder folder;
  std::shared_ptr<const Snapshot> snapshot;
  std::shared_ptr<const Plan> plan;
};

std::vector<int64_t> ReadIds(BatchReader& reader, Position position) {
  Batch batch;
  REQUIRE(reader.Read(position, &batch).ok());
  return batch.post_ids;
}

TEST_CASE("every post of a split comes once an epoch, and no post in two splits") {
  const Fixture fixture;
  for (const int64_t epoch : {0, 1, 5}) {
    std::set<int64_t> ids;
    int64_t sample_count = 0;
    for (const SplitInfo& split : fixture.plan->splits()) {
      BatchReader reader = fixture.Reader(split.name);
      for (int64_t step = 0; step < reader.split().batch_count; ++step) {
        const std::vector<int64_t> batch_ids = ReadIds(reader, {epoch, step});
        ids.insert(batch_ids.begin(), batch_ids.end());
        sample_count += static_cast<int64_t>(batch_ids.size());
      }
    }
    CHECK(sample_count == kPostCount);
    REQUIRE(ids.size() == kPostCount);
    int64_t row = 0;
    for (const int64_t id : ids) REQUIRE(id == PostIdOfRow(row++));
  }
}

TEST_CASE("a batch says where it is, and its ids are those of its rows") {
  const Fixture fixture(LastBatch::kPad);
  BatchReader reader = fixture.Reader("train", {1, 2});
  Batch batch;
  for (int64_t step = 0; step < reader.split().batch_count; ++step) {
    REQUIRE(reader.Read({3, step}, &batch).ok());
    CHECK(batch.position == Position{3, step});
    CHECK(batch.slice.global_sample_count == 32);
    CHECK(batch.slice.global_offset == 16);
    REQUIRE(batch.rows.size() == 16);
    REQUIRE(batch.post_ids.size() == 16);
    for (size_t i = 0; i < batch.rows.size(); ++i) REQUIRE(batch.post_ids[i] == PostIdOfRow(batch.rows[i]));
  }
  CHECK(batch.slice.padding_count == 16);  // 240 = 7 * 32 + 16
}

TEST_CASE("reading on from any position, in any order, gives the unbroken sequence") {
  const Fixture fixture;
  BatchReader unbroken = fixture.Reader("train");
  std::vector<std::pair<Position, std::vector<int64_t>>> sequence;
  for (int64_t epoch = 0; epoch < 3; ++epoch) {
    for (int64_t step = 0; step < unbroken.split().batch_count; ++step) {
      sequence.emplace_back(Position{epoch, step}, ReadIds(unbroken, {epoch, step}));
    }
  }
  BatchReader backwards = fixture.Reader("train");
  for (auto entry = sequence.rbegin(); entry != sequence.rend(); ++entry) {
    REQUIRE(ReadIds(backwards, entry->first) == entry->second);
    BatchReader fresh = fixture.Reader("train");
    REQUIRE(ReadIds(fresh, entry->first) == entry->second);
  }
}

TEST_CASE("the ranks together read what one reads alone") {
  const Fixture fixture;
  BatchReader alone = fixture.Reader("train");
  for (const int32_t world_size : {2, 3, 5}) {
    for (int64_t step = 0; step < alone.split().batch_count; ++step) {
      std::vector<int64_t> joined;
      for (int32_t rank = 0; rank < world_size; ++rank) {
        BatchReader reader = fixture.Reader("train", {rank, world_size});
        const std::vector<int64_t> ids = ReadIds(reader, {0, step});
        joined.insert(joined.end(), ids.begin(), ids.end());
      }
      REQUIRE(joined == ReadIds(alone, {0, step}));
    }
  }
}

TEST_CASE("a rank without samples at a step gets an empty batch") {
  const Fixture fixture;
  BatchReader reader = fixture.Reader("train", {0, 64});
  Batch batch;
  REQUIRE(reader.Read({0, 0}, &batch).ok());
  CHECK(batch.rows.empty());
  CHECK(batch.post_ids.empty());
  CHECK(batch.slice.global_sample_count == 32);
}

TEST_CASE("what cannot be read is refused, and the reader goes on working") {
  const Fixture fixture;
  const auto create = [&](std::string_view split, Rank rank) {
    return BatchReader::Create(fixture.plan, fixture.snapshot, split, rank).status();
  };
  CHECK(ReasonOf(create("trian", {})) == Reason::kSplitNotFound);
  CHECK(FieldOf(create("train", {2, 2})) == "rank");
  CHECK(FieldOf(create("train", {0, 0})) == "world_size");

  BatchReader reader = fixture.Reader("train");
  const std::vector<int64_t> first = ReadIds(reader, {0, 0});
  Batch batch;
  CHECK(ReasonOf(reader.Read({0, 8}, &batch)) == Reason::kStepPastEnd);
  CHECK(FieldOf(reader.Read({0, -1}, &batch)) == "step");
  CHECK(FieldOf(reader.Read({-1, 0}, &batch)) == "epoch");
  CHECK(ReadIds(reader, {0, 0}) == first);
}

TEST_CASE("a plan of another snapshot is refused") {
  const Fixture fixture;
  const std::shared_ptr<const Snapshot> other = WriteSnapshot(fixture.folder.path(), kPostCount - 1);
  CHECK(ReasonOf(BatchReader::Create(fixture.plan, other, "train", {}).status()) == Reason::kInternal);
}

}  // namespace
}  // namespace millrace
