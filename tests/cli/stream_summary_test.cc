// The digest by which two streams are compared is what the documentation says, and depends on nothing else. The
// expected value was computed independently:
//   python3 -c "import hashlib,struct; print(hashlib.sha256(struct.pack('<4q', 1, 258, -1, 2**62)).hexdigest())"
#include "clients/cli/stream_summary.h"

#include "tests/support/catch.h"

namespace millrace::cli {
namespace {

v1::Batch MakeBatch(int64_t epoch, int64_t step, int64_t batch_count, const std::vector<int64_t>& ids) {
  v1::Batch batch;
  batch.set_epoch(epoch);
  batch.set_step(step);
  batch.set_batch_count(batch_count);
  for (const int64_t id : ids) batch.add_post_ids(id);
  return batch;
}

constexpr char kDigest[] = "9e818002bd8a89dd06f0b931417da6cf1d67fcdb98375bce52d7bcd2cafe6f1d";

TEST_CASE("the digest is SHA-256 over the ids as little-endian 64-bit numbers") {
  StreamSummary summary;
  summary.Add(MakeBatch(0, 0, 1, {1, 258, -1, int64_t{1} << 62}));
  CHECK(summary.FinishDigest() == kDigest);
}

TEST_CASE("where batches end does not change the digest") {
  StreamSummary summary;
  summary.Add(MakeBatch(0, 0, 3, {1}));
  summary.Add(MakeBatch(0, 1, 3, {}));
  summary.Add(MakeBatch(0, 2, 3, {258, -1, int64_t{1} << 62}));
  CHECK(summary.batch_count() == 3);
  CHECK(summary.post_count() == 4);
  CHECK(summary.FinishDigest() == kDigest);
}

TEST_CASE("the position to continue at is behind the last batch, in the next epoch when that is over") {
  StreamSummary summary;
  CHECK_FALSE(summary.next_position().has_value());
  summary.Add(MakeBatch(3, 0, 2, {1}));
  CHECK(summary.next_position()->epoch() == 3);
  CHECK(summary.next_position()->step() == 1);
  summary.Add(MakeBatch(3, 1, 2, {1}));
  CHECK(summary.next_position()->epoch() == 4);
  CHECK(summary.next_position()->step() == 0);
}

TEST_CASE("how many batches will come follows from the first") {
  CHECK(ExpectedBatchCount(MakeBatch(0, 0, 10, {}), 1, 0) == 10);
  CHECK(ExpectedBatchCount(MakeBatch(0, 4, 10, {}), 1, 0) == 6);
  CHECK(ExpectedBatchCount(MakeBatch(0, 4, 10, {}), 3, 0) == 26);
  CHECK(ExpectedBatchCount(MakeBatch(0, 4, 10, {}), 3, 5) == 5);
}

}  // namespace
}  // namespace millrace::cli
