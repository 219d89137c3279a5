// Question: what does it cost to find the labels of all tags, and how much memory do they take?
// Method: a snapshot of 400,000 made up tags; vocabularies of some of its most used tags, and of all; each index made
// five times after a first one that compares the checksums; median and extremes of processor time. Hidden, because it
// asserts no time: run `core_vocabulary_test "[.measure]"`.
#include <time.h>

#include <algorithm>
#include <cstdio>
#include <random>

#include "core/vocabulary/label_index.h"
#include "core/vocabulary/select_tags.h"
#include "core/vocabulary/vocabulary_codec.h"
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
    Measure("label index", top, [&] { REQUIRE(LabelIndex::Create(*snapshot, vocabulary).ok()); });
    const LabelIndex index = *LabelIndex::Create(*snapshot, vocabulary);
    CHECK(std::count(index.labels().begin(), index.labels().end(), LabelIndex::kNoLabel) == kTagCount - top);
    std::printf("%-28s %7lld labels  %7zu bytes\n", "label index", static_cast<long long>(top), index.memory_bytes());
  }
}

}  // namespace
}  // namespace millrace
