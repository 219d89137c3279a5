// The digest by which two streams are compared is what the documentation says, and depends on nothing else. The
// expected value was computed independently:
//   python3 -c "import hashlib,struct; print(hashlib.sha256(struct.pack('<4q', 1, 258, -1, 2**62)).hexdigest())"
#include "clients/cli/stream_summary.h"

#include <array>
#include <vector>

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

v1::StreamBatchesRequest MakeRequest(int64_t end_epoch, int64_t count_max,
                                     const std::vector<std::array<int64_t, 3>>& skip = {}) {
  v1::StreamBatchesRequest request;
  request.set_end_epoch(end_epoch);
  request.set_max_batch_count(count_max);
  for (const auto& [epoch, first_step, last_step] : skip) {
    v1::StepRange& range = *request.add_skip();
    range.set_epoch(epoch);
    range.set_first_step(first_step);
    range.set_last_step(last_step);
  }
  return request;
}

TEST_CASE("how many batches will come follows from the first") {
  CHECK(ExpectedBatchCount(MakeBatch(0, 0, 10, {}), MakeRequest(1, 0)) == 10);
  CHECK(ExpectedBatchCount(MakeBatch(0, 4, 10, {}), MakeRequest(1, 0)) == 6);
  CHECK(ExpectedBatchCount(MakeBatch(0, 4, 10, {}), MakeRequest(3, 0)) == 26);
  CHECK(ExpectedBatchCount(MakeBatch(2, 4, 10, {}), MakeRequest(3, 0)) == 6);
  CHECK(ExpectedBatchCount(MakeBatch(0, 4, 10, {}), MakeRequest(3, 5)) == 5);
}

TEST_CASE("steps that are skipped do not come, however the ranges lie") {
  const auto expected = [](const std::vector<std::array<int64_t, 3>>& skip) {
    return ExpectedBatchCount(MakeBatch(0, 4, 10, {}), MakeRequest(2, 0, skip));
  };
  CHECK(expected({{0, 5, 5}}) == 15);
  CHECK(expected({{0, 0, 3}}) == 16);
  CHECK(expected({{0, 2, 5}, {0, 2, 6}}) == 13);
  CHECK(expected({{1, 0, 9}, {0, 6, 9}}) == 2);
  CHECK(expected({{1, 2, 6}, {1, 3, 4}, {1, 6, 7}}) == 10);
  CHECK(expected({{2, 0, 3}}) == 16);
}

TEST_CASE("the token behind the last batch and the steps left out are told") {
  StreamSummary summary;
  CHECK(summary.next_token().empty());
  for (const char* token : {"one", "two"}) {
    v1::Batch batch = MakeBatch(0, 0, 9, {1});
    batch.set_token(token);
    batch.set_skipped_step_count(2);
    summary.Add(batch);
    CHECK(summary.next_token() == token);
  }
  CHECK(summary.skipped_step_count() == 4);
}

}  // namespace
}  // namespace millrace::cli
