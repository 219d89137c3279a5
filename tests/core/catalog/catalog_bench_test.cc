// Goal: how fast the catalog stages, commits, replaces, scans and gives up posts, and what that takes of disk and
// memory. Hidden: run with the tag "[.bench]"; MILLRACE_BENCH_POSTS sets the number of posts.
// Method: synthetic posts with 30 tags, of 100,000 whose use falls off as boards' do; ids ascending or shuffled.
// Counts are checked; times are printed, never asserted.
#include <sys/resource.h>
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

// Processor time of the whole process: others share the machine. What the disk takes is in `wall_s` alone.
struct Stopwatch {
  static double Read(clockid_t clock) {
    timespec time;
    clock_gettime(clock, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
  }
  double cpu_s() const { return Read(CLOCK_PROCESS_CPUTIME_ID) - cpu_start_s; }
  double wall_s() const { return Read(CLOCK_MONOTONIC) - wall_start_s; }

  double cpu_start_s = Read(CLOCK_PROCESS_CPUTIME_ID);
  double wall_start_s = Read(CLOCK_MONOTONIC);
};

int64_t PeakMemoryMib() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss / 1024;
}

class PostMaker {
 public:
  PostMaker() {
    for (int64_t id = 0; id < 100'000; ++id) names_.push_back("some_tag_name_" + std::to_string(id));
  }

  const Post& Make(int64_t id) {
    post_.Clear();
    post_.id = id;
    Md5 md5;
    for (size_t i = 0; i < md5.size(); ++i) md5[i] = static_cast<uint8_t>(random_());
    post_.md5 = md5;
    post_.rating = static_cast<Rating>(1 + random_() % 4);
    post_.width_px = 1000 + static_cast<int32_t>(random_() % 3000);
    post_.height_px = 1500;
    post_.file_ext = "jpg";
    post_.file_size_bytes = 100'000 + static_cast<int64_t>(random_() % 3'000'000);
    post_.source = "https://example.org/pictures/2019/12/31/" + std::to_string(id) + "_p0.jpg";
    post_.uploader_id = static_cast<int64_t>(random_() % 500'000);
    post_.score = static_cast<int32_t>(random_() % 50);
    post_.created_at_us = 1'500'000'000'000'000 + id * 1'000'000;
    post_.updated_at_us = *post_.created_at_us + 86'400'000'000;
    post_.favorite_user_ids = {1, 20'000, 300'000};
    while (post_.tag_ids.size() < 30) {
      const double uniform = static_cast<double>(random_()) / static_cast<double>(random_.max());
      post_.tag_ids.push_back(static_cast<int64_t>(std::pow(uniform, 4) * 99'999));
      if (post_.tag_ids.size() < 30) continue;
      std::sort(post_.tag_ids.begin(), post_.tag_ids.end());
      post_.tag_ids.erase(std::unique(post_.tag_ids.begin(), post_.tag_ids.end()), post_.tag_ids.end());
    }
    tags_.clear();
    for (const int64_t tag_id : post_.tag_ids) {
      tags_.push_back({tag_id, names_[static_cast<size_t>(tag_id)], TagCategory::kGeneral});
    }
    return post_;
  }
  absl::Span<const ImportedTag> tags() const { return tags_; }
  // The post and its tags as a source without ids gives them.
  const Post& MakeNamed(int64_t id) {
    Make(id);
    post_.tag_ids.clear();
    for (ImportedTag& tag : tags_) tag.id = 0;
    return post_;
  }

 private:
  std::mt19937 random_{7};
  std::vector<std::string> names_;
  Post post_;
  std::vector<ImportedTag> tags_;
};

// Imports the ids and prints the cost beyond making the posts. `is_committed` false: gives up before the end.
// `is_named`: tags come without ids.
void Measure(CatalogFixture& fixture, const char* what, const std::vector<int64_t>& ids, bool is_committed,
             bool is_named = false) {
  PostMaker dry_maker;
  const Stopwatch dry;
  for (const int64_t id : ids) dry_maker.Make(id);
  const double dry_cpu_s = dry.cpu_s();

  PostMaker maker;
  const Stopwatch staging;
  auto session = fixture.Begin(what);
  std::uintmax_t wal_size_bytes_max = 0;
  const std::string wal = fixture.folder.File("catalog.sqlite3-wal");
  int64_t error_count = 0;
  for (size_t i = 0; i < ids.size(); ++i) {
    const Post& post = is_named ? maker.MakeNamed(ids[i]) : maker.Make(ids[i]);
    if (!session->Stage(post, maker.tags(), {0, 1}).ok()) ++error_count;
    if (i % 5'000 == 0) wal_size_bytes_max = std::max(wal_size_bytes_max, std::filesystem::file_size(wal));
  }
  const double stage_cpu_s = staging.cpu_s() - dry_cpu_s;
  CHECK(error_count == 0);
  const Stopwatch ending;
  if (is_committed) {
    CHECK(Take(session->Commit({})).import_id == session->import_id());
  } else {
    session->Abort(MakeError(Reason::kCancelled, "measured"));
  }
  const double end_cpu_s = ending.cpu_s();
  wal_size_bytes_max = std::max(wal_size_bytes_max, std::filesystem::file_size(wal));
  const double count = static_cast<double>(ids.size());
  std::printf(
      "%-24s us of CPU a post: stage %5.2f, %s %5.2f, together %5.2f (by the clock %5.2f, with making them); "
      "file %4ju MiB, WAL at most %3ju MiB, peak memory %3jd MiB\n",
      what, stage_cpu_s / count * 1e6, is_committed ? "commit" : "abort ", end_cpu_s / count * 1e6,
      (stage_cpu_s + end_cpu_s) / count * 1e6, staging.wall_s() / count * 1e6,
      std::filesystem::file_size(fixture.folder.File("catalog.sqlite3")) >> 20, wal_size_bytes_max >> 20,
      static_cast<intmax_t>(PeakMemoryMib()));
}

void MeasureScan(CatalogFixture& fixture, int64_t expected_count) {
  int64_t count = 0;
  Catalog::Scan scan;
  scan.tags = [](std::vector<Tag>, int64_t) { return absl::OkStatus(); };
  scan.post = [&](const Post&) {
    ++count;
    return absl::OkStatus();
  };
  const Stopwatch stopwatch;
  Take(fixture.catalog->ScanDataset(kDataset, scan));
  CHECK(count == expected_count);
  std::printf("%-24s us of CPU a post: %5.2f\n", "scan", stopwatch.cpu_s() / static_cast<double>(count) * 1e6);
}

TEST_CASE("the catalog's speed", "[.bench]") {
  const char* count_text = std::getenv("MILLRACE_BENCH_POSTS");
  const size_t count = count_text == nullptr ? 300'000 : static_cast<size_t>(std::atoll(count_text));
  std::vector<int64_t> ascending(count);
  std::iota(ascending.begin(), ascending.end(), 1);
  std::vector<int64_t> shuffled = ascending;
  std::shuffle(shuffled.begin(), shuffled.end(), std::mt19937(1));
  {
    CatalogFixture fixture;
    Measure(fixture, "ascending, given up", ascending, false);
    Measure(fixture, "ascending, new", ascending, true);
    MeasureScan(fixture, static_cast<int64_t>(count));
    Measure(fixture, "ascending, all replaced", ascending, true);
    CHECK(Take(fixture.catalog->GetStats(kDataset)).post_count == static_cast<int64_t>(count));
  }
  {
    CatalogFixture fixture;
    Measure(fixture, "ascending, by name", ascending, true, true);
    MeasureScan(fixture, static_cast<int64_t>(count));
    // As a page of a board: its tags are looked up among all of them.
    std::vector<int64_t> page(200);
    std::iota(page.begin(), page.end(), static_cast<int64_t>(count) + 1);
    Measure(fixture, "200 posts more, by name", page, true, true);
  }
  CatalogFixture fixture;
  Measure(fixture, "shuffled, new", shuffled, true);
  MeasureScan(fixture, static_cast<int64_t>(count));
  CHECK(Take(fixture.catalog->GetStats(kDataset)).post_count == static_cast<int64_t>(count));
}

}  // namespace
}  // namespace millrace
