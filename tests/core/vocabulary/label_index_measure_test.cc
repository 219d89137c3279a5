// Questions: what does it cost to find the labels of all tags, and how much memory do they take? And would it be better
// to find the labels of all posts before the first batch?
// Method: a snapshot of 400,000 made up tags; vocabularies of some of its most used tags, and of all; each index made
// five times after a first one that compares the checksums; median and extremes of processor time. Then a million posts
// with about 29 tags each: all their labels at once, and those of 1,024 random posts by tag and by post, with sums of
// what was found. Hidden, because it asserts no time: run `core_vocabulary_test "[.measure]"`; MILLRACE_BENCH_POSTS
// sets the number of posts.
#include <time.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>

#include "core/vocabulary/label_index.h"
#include "core/vocabulary/select_tags.h"
#include "core/vocabulary/vocabulary_codec.h"
#include "core/vocabulary/vocabulary_csv.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kTagCount = 400'000;
constexpr int64_t kTagsPerPost = 50;
constexpr int kRoundCount = 5;

// The thread's own time: others may be using the machine.
double CpuMs() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return 1e3 * static_cast<double>(now.tv_sec) + 1e-6 * static_cast<double>(now.tv_nsec);
}

// Names as long as Danbooru's, 18 bytes on average.
std::unique_ptr<Snapshot> WriteSnapshot(const std::string& folder) {
  std::mt19937_64 random(1);
  std::vector<Tag> tags;
  for (int64_t id = 1; id <= kTagCount; ++id) {
    std::string name;
    for (uint64_t i = 4 + random() % 17; i > 0; --i) name.push_back(static_cast<char>('a' + random() % 26));
    tags.push_back({id, name + "_" + std::to_string(id), static_cast<TagCategory>(1 + random() % 5), 0});
  }
  auto writer = *SnapshotWriter::Create(folder, std::move(tags));
  for (int64_t post_id = 1; post_id * kTagsPerPost <= kTagCount; ++post_id) {
    Post post;
    post.id = post_id;
    for (int64_t i = 0; i < kTagsPerPost; ++i) post.tag_ids.push_back((post_id - 1) * kTagsPerPost + i + 1);
    if (!writer->Add(post).ok()) FAIL();
  }
  const WrittenSnapshot written = *writer->Finish();
  return *Snapshot::Open(written.path, written.digest);
}

template <typename Run>
void Measure(const char* what, int64_t label_count, Run run) {
  run();
  std::vector<double> times_ms;
  for (int round = 0; round < kRoundCount; ++round) {
    const double start_ms = CpuMs();
    run();
    times_ms.push_back(CpuMs() - start_ms);
  }
  std::sort(times_ms.begin(), times_ms.end());
  std::printf("%-28s %7lld labels  %7.2f ms (%.2f to %.2f)\n", what, static_cast<long long>(label_count),
              times_ms[kRoundCount / 2], times_ms.front(), times_ms.back());
}

TEST_CASE("how long label indexes take", "[.measure]") {
  testing::TempFolder folder;
  const std::unique_ptr<Snapshot> snapshot = WriteSnapshot(folder.path());
  for (const int64_t top : {int64_t{1'000}, int64_t{10'000}, int64_t{100'000}, kTagCount}) {
    const Vocabulary vocabulary = *SelectTags(*snapshot, {.top = top});
    const std::string bytes = EncodeVocabulary(vocabulary);
    Measure("selected from the snapshot", top, [&] { REQUIRE(SelectTags(*snapshot, {.top = top}).ok()); });
    Measure("read from the catalog", top, [&] { REQUIRE(DecodeVocabulary(bytes, vocabulary.digest()).ok()); });
    const std::string csv = VocabularyCsvOf(vocabulary.entries());
    Measure("read from a CSV file", top, [&] { REQUIRE(ParseVocabularyCsv(csv).ok()); });
    Measure("label index", top, [&] { REQUIRE(LabelIndex::Create(*snapshot, vocabulary).ok()); });
    const LabelIndex index = *LabelIndex::Create(*snapshot, vocabulary);
    CHECK(std::count(index.labels().begin(), index.labels().end(), LabelIndex::kNoLabel) == kTagCount - top);
    std::printf("%-28s %7lld labels  %7zu bytes\n", "label index", static_cast<long long>(top), index.memory_bytes());
  }
}

// About 29 tags a post of 400,000, the common ones far more often.
std::unique_ptr<Snapshot> WritePosts(const std::string& folder, int64_t post_count) {
  std::vector<Tag> tags;
  for (int64_t id = 1; id <= kTagCount; ++id) {
    tags.push_back({id, "tag_" + std::to_string(id), TagCategory::kGeneral, 0});
  }
  auto writer = *SnapshotWriter::Create(folder, std::move(tags));
  std::mt19937_64 random(1);
  for (int64_t id = 1; id <= post_count; ++id) {
    Post post;
    post.id = id;
    for (uint64_t i = 4 + random() % 51; i > 0; --i) {
      const double uniform = static_cast<double>(random() >> 11) * 0x1p-53;
      post.tag_ids.push_back(1 + static_cast<int64_t>(std::pow(static_cast<double>(kTagCount), uniform)) % kTagCount);
    }
    post.tag_ids.push_back(1 + id % kTagCount);  // every tag is used
    std::sort(post.tag_ids.begin(), post.tag_ids.end());
    post.tag_ids.erase(std::unique(post.tag_ids.begin(), post.tag_ids.end()), post.tag_ids.end());
    if (!writer->Add(post).ok()) FAIL();
  }
  const WrittenSnapshot written = *writer->Finish();
  return *Snapshot::Open(written.path, written.digest);
}

// The alternative: the labels of every post.
struct LabelsByRow {
  std::vector<uint64_t> offsets = {0};
  std::vector<uint16_t> labels;
};

LabelsByRow FindLabelsOfRows(const Snapshot& snapshot, const LabelIndex& index) {
  constexpr int64_t kBlockRows = 8192;
  LabelsByRow by_row;
  for (int64_t first = 0; first < snapshot.post_count(); first += kBlockRows) {
    const int64_t count = std::min(kBlockRows, snapshot.post_count() - first);
    const ListSlice<uint32_t> lists = *snapshot.TagLists(first, count);
    for (int64_t i = 0; i < count; ++i) {
      for (const uint32_t tag_index : lists[static_cast<size_t>(i)]) {
        const int32_t label = index.labels()[tag_index];
        if (label != LabelIndex::kNoLabel) by_row.labels.push_back(static_cast<uint16_t>(label));
      }
      by_row.offsets.push_back(by_row.labels.size());
    }
  }
  return by_row;
}

TEST_CASE("how long the labels of posts take, by tag and by post", "[.measure]") {
  const char* const text = std::getenv("MILLRACE_BENCH_POSTS");
  const int64_t post_count = text != nullptr ? std::atoll(text) : 1'000'000;
  testing::TempFolder folder;
  const std::unique_ptr<Snapshot> snapshot = WritePosts(folder.path(), post_count);
  const LabelIndex index = *LabelIndex::Create(*snapshot, *SelectTags(*snapshot, {.top = 10'000}));
  LabelsByRow by_row;
  Measure("labels of all posts", index.label_count(), [&] { by_row = FindLabelsOfRows(*snapshot, index); });
  std::printf("%lld posts, %lld tag uses: by post %.1f MB, by tag %.1f MB\n", static_cast<long long>(post_count),
              static_cast<long long>(snapshot->tag_use_count()),
              1e-6 * static_cast<double>(by_row.labels.size() * sizeof(uint16_t) + by_row.offsets.size() * 8),
              1e-6 * static_cast<double>(index.memory_bytes()));
  std::mt19937_64 random(2);
  std::vector<int64_t> rows(1024);
  for (int64_t& row : rows) row = static_cast<int64_t>(random() % static_cast<uint64_t>(post_count));
  uint64_t sum_by_tag = 0, sum_by_row = 0, run_count = 0;
  Measure("1,024 random posts by tag", index.label_count(), [&] {
    for (const int64_t row : rows) {
      for (const uint32_t tag_index : *snapshot->TagIndexes(row)) {
        const int32_t label = index.labels()[tag_index];
        if (label != LabelIndex::kNoLabel) sum_by_tag += static_cast<uint64_t>(label);
      }
    }
    ++run_count;
  });
  Measure("1,024 random posts by post", index.label_count(), [&] {
    for (const int64_t row : rows) {
      const size_t end = by_row.offsets[static_cast<size_t>(row) + 1];
      for (size_t i = by_row.offsets[static_cast<size_t>(row)]; i < end; ++i) sum_by_row += by_row.labels[i];
    }
  });
  CHECK(run_count > 0);
  CHECK(sum_by_tag == sum_by_row);
}

}  // namespace
}  // namespace millrace
