// How long a page takes to be written, new, unchanged and changed, into a dataset that has many posts. Hidden: run with
// [bench] on a machine that is quiet.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <iostream>

#include "core/catalog/source_store.h"
#include "tests/core/catalog/catalog_fixture.h"

namespace millrace {
namespace {

constexpr int kPageSize = 200;
constexpr int kTagsPerPost = 30;
constexpr int64_t kFirstId = 10'000'000;

PageWrite MakePage(const SourceRecord& source, int64_t run_id, int64_t first_id, int32_t score) {
  PageWrite page;
  page.source_id = source.id;
  page.run_id = run_id;
  page.after_id = first_id - 1;
  page.until_id = first_id + kPageSize - 1;
  for (int i = 0; i < kPageSize; ++i) {
    PagePost& post = page.posts.emplace_back();
    post.post.id = first_id + i;
    post.post.score = score;
    post.post.file_ext = "jpg";
    post.post.source = "https://board.example/some/page/of/an/artist/" + std::to_string(post.post.id);
    Md5 md5;
    for (size_t byte = 0; byte < md5.size(); ++byte) {
      md5[byte] = static_cast<uint8_t>((static_cast<uint64_t>(post.post.id) * 0x9E3779B97F4A7C15) >> (byte % 8 * 8));
    }
    post.post.md5 = md5;
    for (int tag = 0; tag < kTagsPerPost; ++tag) {
      // Few common ones, many rare.
      const int64_t rank = (post.post.id * 7919 + tag * tag * 31) % (tag < 20 ? 300 : 50'000);
      post.tags.push_back({0, "some_tag_" + std::to_string(rank), TagCategory::kGeneral});
    }
  }
  return page;
}

// Of this thread: it says how much there is to do on a machine that others use too.
double CpuMs() {
  timespec time;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e3 + static_cast<double>(time.tv_nsec) / 1e6;
}

TEST_CASE_METHOD(CatalogFixture, "a page of 200 posts is written in milliseconds", "[.][bench]") {
  std::vector<Post> posts;
  for (int64_t id = 1; id <= 20'000; ++id) posts.push_back(PostOf(id, {id % 50'000 + 1, 60'000 + id % 300}));
  Import(posts);
  SourceSettings settings;
  settings.name = "source";
  settings.dataset = kDataset;
  settings.kind = BoardKind::kDanbooru;
  settings.page_size = kPageSize;
  SourceStore& store = catalog->sources();
  const SourceRecord source = Take(store.Add(settings)).record;
  const RunRecord run = Take(store.BeginRun(source, RunTrigger::kAsked)).run;
  const auto measure = [&](const char* what, int32_t score) {
    std::vector<double> times_ms, cpu_times_ms;
    RefreshCounts counts;
    for (int i = 0; i < 60; ++i) {
      const PageWrite page = MakePage(source, run.id, kFirstId + i * kPageSize, score);
      const double cpu_begin_ms = CpuMs();
      const auto begin = std::chrono::steady_clock::now();
      counts.Add(Take(store.WritePage(page)));
      times_ms.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
      cpu_times_ms.push_back(CpuMs() - cpu_begin_ms);
    }
    std::sort(times_ms.begin(), times_ms.end());
    std::sort(cpu_times_ms.begin(), cpu_times_ms.end());
    std::cout << what << ": median " << times_ms[30] << " ms, 95th percentile " << times_ms[57]
              << " ms, of processor median " << cpu_times_ms[30] << " ms, new " << counts.new_post_count << ", updated "
              << counts.updated_post_count << ", unchanged " << counts.unchanged_post_count << "\n";
  };
  measure("new", 1);
  measure("unchanged", 1);
  measure("changed", 2);
  CHECK(Take(catalog->GetStats(kDataset)).post_count == 20'000 + 60 * kPageSize);
}

}  // namespace
}  // namespace millrace
