// Goal: how fast the catalog stages, commits, replaces, scans and gives up posts, and what that takes of disk and
// memory. Hidden: run with the tag "[.bench]"; MILLRACE_BENCH_POSTS sets the number of posts.
// Method: synthetic posts with 30 tags, of 100,000 whose use falls off as boards' do; ids ascending or shuffled.
// Counts are checked; times are printed, never asserted.
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

using Clock = std::chrono::steady_clock;

double SecondsSince(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

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

 private:
  std::mt19937 random_{7};
  std::vector<std::string> names_;
  Post post_;
  std::vector<ImportedTag> tags_;
};

// Imports the ids and prints the cost beyond making the posts. `is_committed` false: gives up before the end.
void Measure(CatalogFixture& fixture, const char* what, const std::vector<int64_t>& ids, bool is_committed) {
  PostMaker dry_maker;
  const Clock::time_point dry_start = Clock::now();
  for (const int64_t id : ids) dry_maker.Make(id);
  const double dry_s = SecondsSince(dry_start);

  PostMaker maker;
  const Clock::time_point start = Clock::now();
  auto session = fixture.Begin(what);
  std::uintmax_t wal_size_bytes_max = 0;
  const std::string wal = fixture.folder.File("catalog.sqlite3-wal");
  for (size_t i = 0; i < ids.size(); ++i) {
    const Post& post = maker.Make(ids[i]);
    Take(session->Stage(post, maker.tags(), {0, 1}).status());
    if (i % 5'000 == 0) wal_size_bytes_max = std::max(wal_size_bytes_max, std::filesystem::file_size(wal));
  }
  const double stage_s = SecondsSince(start) - dry_s;
  const Clock::time_point end_start = Clock::now();
  if (is_committed) {
    CHECK(Take(session->Commit({})).byte_count == 0);
  } else {
    session->Abort(MakeError(Reason::kCancelled, "measured"));
  }
  const double end_s = SecondsSince(end_start);
  wal_size_bytes_max = std::max(wal_size_bytes_max, std::filesystem::file_size(wal));
  const double count = static_cast<double>(ids.size());
  std::printf("%-28s stage %5.2f us a post, %s %5.2f us a post, %7.0f posts/s; file %4ju MiB, WAL at most %3ju MiB, "
              "peak memory %3jd MiB\n",
              what, stage_s / count * 1e6, is_committed ? "commit" : "abort", end_s / count * 1e6,
              count / (stage_s + end_s), std::filesystem::file_size(fixture.folder.File("catalog.sqlite3")) >> 20,
              wal_size_bytes_max >> 20, static_cast<intmax_t>(PeakMemoryMib()));
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
    const Clock::time_point start = Clock::now();
    CHECK(fixture.AllPosts().size() == count);
    std::printf("%-28s %5.2f us a post, with a copy of each\n", "scan", SecondsSince(start) / double(count) * 1e6);
    Measure(fixture, "ascending, all replaced", ascending, true);
    CHECK(Take(fixture.catalog->GetStats(kDataset)).post_count == static_cast<int64_t>(count));
  }
  CatalogFixture fixture;
  Measure(fixture, "shuffled, new", shuffled, true);
  CHECK(Take(fixture.catalog->GetStats(kDataset)).post_count == static_cast<int64_t>(count));
}

}  // namespace
}  // namespace millrace
