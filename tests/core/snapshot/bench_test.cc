// Question: how fast is a snapshot written, opened and read at random, and how large is it? Hidden ([.bench]): run with
// `core_snapshot_test "[.bench]"`; MILLRACE_BENCH_POSTS sets the size (default 1,000,000), TMPDIR the disk.

#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using namespace testing;

class Stopwatch {
 public:
  double Seconds() const { return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

// The thread's own time: others may be using the machine.
double CpuSeconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double PeakRssMib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// About 29 tags a post of 400,000, the common ones far more often.
void FillPost(std::mt19937_64& random, int64_t id, int64_t tag_count, Post* post) {
  post->Clear();
  post->id = id;
  post->md5.emplace();
  for (uint8_t& byte : *post->md5) byte = static_cast<uint8_t>(random());
  post->rating = static_cast<Rating>(1 + random() % 4);
  post->width_px = static_cast<int32_t>(random() % 4000);
  post->height_px = static_cast<int32_t>(random() % 4000);
  post->file_ext = random() % 4 == 0 ? "png" : "jpg";
  post->file_size_bytes = static_cast<int64_t>(random() % 4'000'000);
  post->source = "https://i.pximg.net/img-original/img/2019/01/01/" + std::to_string(random() % 100'000'000);
  if (random() % 2 == 0) post->pixiv_id = static_cast<int64_t>(random() % 100'000'000);
  if (random() % 10 == 0) post->parent_id = id - 1;
  post->uploader_id = static_cast<int64_t>(random() % 600'000);
  post->score = static_cast<int32_t>(random() % 100);
  post->up_score = *post->score;
  post->down_score = 0;
  post->created_at_us = 1'500'000'000'000'000 + id;
  post->updated_at_us = 1'600'000'000'000'000 + id;
  post->flags.Set(PostFlag::kDeleted, false);
  post->flags.Set(PostFlag::kBanned, false);
  for (uint64_t i = 4 + random() % 51; i > 0; --i) {
    const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
    post->tag_ids.push_back(1 + static_cast<int64_t>(std::pow(static_cast<double>(tag_count), uniform)) % tag_count);
  }
  post->tag_ids.push_back(1 + id % tag_count);  // every tag is used
  std::sort(post->tag_ids.begin(), post->tag_ids.end());
  post->tag_ids.erase(std::unique(post->tag_ids.begin(), post->tag_ids.end()), post->tag_ids.end());
}

// Posts a second of processor time when `read(row)` is called for random rows.
template <typename Read>
double PostsPerSecond(int64_t post_count, int64_t read_count, Read read) {
  std::mt19937_64 random(7);
  std::vector<int64_t> rows(static_cast<size_t>(read_count));
  for (int64_t& row : rows) row = static_cast<int64_t>(random() % static_cast<uint64_t>(post_count));
  const double start = CpuSeconds();
  for (const int64_t row : rows) read(row);
  return static_cast<double>(read_count) / (CpuSeconds() - start);
}

TEST_CASE("speed and size", "[.bench]") {
  const char* const setting = std::getenv("MILLRACE_BENCH_POSTS");
  const int64_t post_count = setting != nullptr ? std::atoll(setting) : 1'000'000;
  const int64_t tag_count = std::min<int64_t>(400'000, post_count / 2);
  TempFolder folder;
  std::vector<Tag> tags;
  for (int64_t id = 1; id <= tag_count; ++id) {
    tags.push_back({id, "tag_number_" + std::to_string(id * 7919 % tag_count), TagCategory::kGeneral, 0});
  }
  // The generator's own time, to be subtracted.
  std::mt19937_64 random(1);
  Post post;
  const double generate_start = CpuSeconds();
  for (int64_t id = 1; id <= post_count; ++id) FillPost(random, id, tag_count, &post);
  const double generate_seconds = CpuSeconds() - generate_start;

  random.seed(1);
  const Stopwatch write_watch;
  const double write_start = CpuSeconds();
  auto writer = *SnapshotWriter::Create(folder.path(), std::move(tags));
  for (int64_t id = 1; id <= post_count; ++id) {
    FillPost(random, id, tag_count, &post);
    if (!writer->Add(post).ok()) FAIL();
  }
  const double add_seconds = CpuSeconds() - write_start - generate_seconds;
  const double finish_start = CpuSeconds();
  const absl::StatusOr<WrittenSnapshot> written = writer->Finish();
  const double finish_seconds = CpuSeconds() - finish_start;
  const double wall_seconds = write_watch.Seconds();
  REQUIRE(written.ok());
  writer.reset();
  std::printf(
      "%lld posts, %lld tag uses, %.0f MiB: add %.2f s, finish %.2f s of processor time, %.2f s by the clock "
      "with making up the posts (%.2f s), peak RSS %.0f MiB\n",
      static_cast<long long>(written->post_count), static_cast<long long>(written->tag_use_count),
      static_cast<double>(written->file_size_bytes) / (1 << 20), add_seconds, finish_seconds, wall_seconds,
      generate_seconds, PeakRssMib());

  const Stopwatch open_watch;
  const auto snapshot = *Snapshot::Open(written->path, written->digest);
  std::printf("open %.2f ms\n", 1e3 * open_watch.Seconds());

  int64_t sum = 0;
  const auto read_identity = [&](int64_t row) {
    int64_t id;
    sum += snapshot->ReadPostIds({row}, absl::Span<int64_t>(&id, 1)).ok() ? id : -1;
  };
  const auto read_tags = [&](int64_t row) {
    const auto indexes = snapshot->TagIndexes(row);
    if (!indexes.ok()) FAIL();
    for (const uint32_t index : *indexes) sum += index;
  };
  const auto read_all = [&](int64_t row) {
    if (!snapshot->ReadFields(row, &post).ok()) FAIL();
    sum += post.id;
    read_tags(row);
  };
  std::printf("first 256 posts, page cache warm, nothing compared yet: tags %.1f ms",
              1e3 * 256 / PostsPerSecond(post_count, 256, read_tags));
  std::printf(", then all fields %.1f ms\n", 1e3 * 256 / PostsPerSecond(post_count, 256, read_all));
  const auto report = *snapshot->Verify();
  REQUIRE(report.damages.empty());
  PostsPerSecond(post_count, 500'000, read_all);
  for (int round = 0; round < 5; ++round) {
    std::printf(
        "random rows, million posts per second of processor time: ids %.2f, tags %.2f, "
        "fields and tags %.2f\n",
        PostsPerSecond(post_count, 1'000'000, read_identity) / 1e6,
        PostsPerSecond(post_count, 1'000'000, read_tags) / 1e6, PostsPerSecond(post_count, 1'000'000, read_all) / 1e6);
  }
  const Stopwatch verify_watch;
  REQUIRE(snapshot->Verify().ok());
  std::printf("verify %.2f s (sum %lld)\n", verify_watch.Seconds(), static_cast<long long>(sum));
}

}  // namespace
}  // namespace millrace
