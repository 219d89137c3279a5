// Question: what does it cost to read what a plan looks at, when millions of posts are selected from?
// Method: made up posts with about 29 tags each; every strategy's and order's input read five times after a first one
// that compares the checksums; medians and extremes of processor time, and sums of what was read. Hidden, because it
// asserts no time: run `core_batch_test "[.measure]"`; MILLRACE_BENCH_POSTS sets the number of posts (default
// 3,700,000).
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>

#include "core/batch/plan_input_reader.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kTagCount = 400'000;
constexpr int kRoundCount = 5;

// The thread's own time: others may be using the machine.
double CpuMs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

void FillPost(std::mt19937_64& random, int64_t id, Post* post) {
  post->Clear();
  post->id = id;
  post->rating = static_cast<Rating>(1 + random() % 4);
  post->width_px = static_cast<int32_t>(random() % 4000);
  post->score = static_cast<int32_t>(random() % 100);
  if (random() % 10 == 0) post->parent_id = id - static_cast<int64_t>(random() % 20);
  if (random() % 20 == 0) post->pools.push_back({static_cast<int64_t>(random() % 20'000), ""});
  for (uint64_t i = 4 + random() % 51; i > 0; --i) {
    const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
    post->tag_ids.push_back(1 + static_cast<int64_t>(std::pow(static_cast<double>(kTagCount), uniform)) % kTagCount);
  }
  post->tag_ids.push_back(1 + id % kTagCount);  // every tag is used
  std::sort(post->tag_ids.begin(), post->tag_ids.end());
  post->tag_ids.erase(std::unique(post->tag_ids.begin(), post->tag_ids.end()), post->tag_ids.end());
}

std::unique_ptr<Snapshot> WriteSnapshot(const std::string& folder, int64_t post_count) {
  std::vector<Tag> tags;
  for (int64_t id = 1; id <= kTagCount; ++id) {
    tags.push_back({id, "tag_" + std::to_string(id), id % 8 == 0 ? TagCategory::kArtist : TagCategory::kGeneral, 0});
  }
  auto writer = *SnapshotWriter::Create(folder, std::move(tags));
  std::mt19937_64 random(1);
  Post post;
  for (int64_t id = 1; id <= post_count; ++id) {
    FillPost(random, id, &post);
    if (!writer->Add(post).ok()) FAIL();
  }
  const WrittenSnapshot written = *writer->Finish();
  return *Snapshot::Open(written.path, written.digest);
}

struct Case {
  const char* name;
  std::function<void(PlanSpec&)> change;
};

WeightsSpec WeightsByQueries(int query_count) {
  WeightsSpec weights;
  for (int i = 0; i < query_count; ++i) weights.queries.push_back({"tag_" + std::to_string(3 + 7 * i), i});
  return weights;
}

const Case kCases[] = {
    {"hash: post ids", [](PlanSpec& spec) { spec.strategy = SplitStrategy::kHash; }},
    {"query rating:g score:>50", [](PlanSpec& spec) { spec.query = "rating:g score:>50"; }},
    {"query of one common tag", [](PlanSpec& spec) { spec.query = "tag_3"; }},
    {"query of one rare tag", [](PlanSpec& spec) { spec.query = "tag_300001"; }},
    {"query tag_3 -tag_4 rating:g width:>512", [](PlanSpec& spec) { spec.query = "tag_3 -tag_4 rating:g width:>512"; }},
    {"unit parent", [](PlanSpec& spec) { spec.unit = SplitUnit::kParent; }},
    {"unit artist", [](PlanSpec& spec) { spec.unit = SplitUnit::kArtist; }},
    {"unit pool", [](PlanSpec& spec) { spec.unit = SplitUnit::kPool; }},
    {"strata by category",
     [](PlanSpec& spec) {
       spec.strategy = SplitStrategy::kStratified;
       spec.stratify.emplace().by = StratifyBy::kCategory;
       spec.stratify->category = TagCategory::kArtist;
     }},
    {"weights by 10 queries",
     [](PlanSpec& spec) {
       spec.splits[0].order = OrderKind::kWeighted;
       spec.weights = WeightsByQueries(10);
     }},
    {"weights by 256 queries",
     [](PlanSpec& spec) {
       spec.splits[0].order = OrderKind::kWeighted;
       spec.weights = WeightsByQueries(256);
     }},
    {"weights by tag frequency",
     [](PlanSpec& spec) {
       spec.splits[0].order = OrderKind::kWeighted;
       spec.weights.emplace().by = WeightsBy::kTagFrequency;
       spec.weights->cap = 100;
       spec.weights->power_quarters = 2;
     }},
};

// Of everything that was read, so that it has to be.
uint64_t Checksum(const PlanInput& input) {
  uint64_t sum = static_cast<uint64_t>(input.selection.has_value() ? input.selection->size() : input.row_count);
  const auto add = [&](int64_t value) { sum = sum * 31 + static_cast<uint64_t>(value); };
  for (const int64_t id : input.post_ids) add(id);
  for (const UnitKey& key : input.unit_keys) add(key.id);
  for (const int64_t stratum : input.strata) add(stratum);
  for (const int64_t weight : input.weights) add(weight);
  return sum;
}

TEST_CASE("reading a plan's input", "[.measure]") {
  const char* const setting = std::getenv("MILLRACE_BENCH_POSTS");
  const int64_t post_count = setting != nullptr ? std::atoll(setting) : 3'700'000;
  testing::TempFolder folder;
  const auto snapshot = WriteSnapshot(folder.path(), post_count);
  std::printf("%lld posts, %lld tag uses; milliseconds of processor time\n", static_cast<long long>(post_count),
              static_cast<long long>(snapshot->tag_use_count()));
  for (const Case& kind : kCases) {
    PlanSpec spec;
    spec.snapshot = snapshot->digest();
    spec.splits = DefaultSplits();
    spec.batch_size = 256;
    kind.change(spec);
    double times[1 + kRoundCount];
    uint64_t checksum = 0;
    for (double& time : times) {
      const double start = CpuMs();
      const auto input = ReadPlanInput(spec, *snapshot);
      time = CpuMs() - start;
      if (!input.ok()) FAIL(input.status());
      const uint64_t again = Checksum(*input);
      REQUIRE((&time == times || checksum == again));
      checksum = again;
    }
    std::sort(times + 1, times + 1 + kRoundCount);
    std::printf("%-40s first %7.1f, then %7.1f (%.1f to %.1f), checksum %016llx\n", kind.name, times[0],
                times[1 + kRoundCount / 2], times[1], times[kRoundCount], static_cast<unsigned long long>(checksum));
  }
}

}  // namespace
}  // namespace millrace
