// Question: what does a batch of 256 posts cost as columns, and what does each field add? Hidden: run with
// "[.measure]". Method: a snapshot of 200,000 posts with 30 tags each, random rows, medians of nine.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <random>

#include "core/batch/column_writer.h"
#include "core/vocabulary/label_index.h"
#include "core/vocabulary/vocabulary.h"
#include "tests/core/snapshot/support.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int kPostCount = 200'000;
constexpr int kTagCount = 40'000;
constexpr size_t kBatchSize = 256;

testing::Content MakeContent() {
  std::mt19937_64 random(1);
  testing::Content content;
  for (int i = 0; i < kTagCount; ++i) {
    content.tags.push_back({.id = 3 * i + 1, .name = "tag_" + std::to_string(i), .category = TagCategory::kGeneral});
  }
  content.posts.resize(kPostCount);
  for (int i = 0; i < kPostCount; ++i) {
    Post& post = content.posts[static_cast<size_t>(i)];
    post.id = 2 * i + 1;
    post.rating = static_cast<Rating>(1 + random() % 3);
    post.width_px = static_cast<int32_t>(random() % 4000);
    post.height_px = static_cast<int32_t>(random() % 4000);
    post.score = static_cast<int32_t>(random() % 100);
    post.source = "https://example.invalid/picture/" + std::to_string(random());
    std::vector<int64_t> tag_indexes;
    for (int t = 0; t < 30; ++t) {
      const double u = static_cast<double>(random() % 1'000'000) / 1e6;
      tag_indexes.push_back(static_cast<int64_t>(u * u * u * kTagCount));
    }
    std::sort(tag_indexes.begin(), tag_indexes.end());
    tag_indexes.erase(std::unique(tag_indexes.begin(), tag_indexes.end()), tag_indexes.end());
    for (const int64_t index : tag_indexes) {
      post.tag_ids.push_back(3 * index + 1);
      ++content.tags[static_cast<size_t>(index)].post_count;
    }
  }
  return content;
}

// Microseconds a batch.
double Measure(const Snapshot& snapshot, const ColumnSelection& selection) {
  const LocationTemplate location = LocationTemplate::Parse("{id}").value();
  ColumnWriter writer = ColumnWriter::Create(snapshot, location, selection).value();
  std::mt19937 random(2);
  std::vector<int64_t> rows(kBatchSize), ids(kBatchSize);
  std::vector<uint8_t> memory;
  std::vector<double> times;
  for (int run = 0; run < 9; ++run) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 500; ++i) {
      for (int64_t& row : rows) row = static_cast<int64_t>(random() % kPostCount);
      REQUIRE(snapshot.ReadPostIds(rows, absl::MakeSpan(ids)).ok());
      REQUIRE(writer.Lay(rows, ids).ok());
      memory.resize(writer.layout().size_bytes() + 64);
      const size_t skip = (64 - reinterpret_cast<uintptr_t>(memory.data()) % 64) % 64;
      REQUIRE(writer.Fill(memory.data() + skip).ok());
    }
    times.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / 500 * 1e6);
  }
  std::nth_element(times.begin(), times.begin() + 4, times.end());
  return times[4];
}

TEST_CASE("what a batch of columns costs", "[.measure]") {
  testing::TempFolder folder;
  const auto snapshot = testing::WriteAndOpen(folder.path(), MakeContent());
  std::vector<VocabularyEntry> entries;
  for (int i = 0; i < 10'000; ++i) entries.push_back({.name = "tag_" + std::to_string(i)});
  const auto labels = std::make_shared<const LabelIndex>(
      LabelIndex::Create(*snapshot, Vocabulary::Create(std::move(entries)).value()).value());
  const auto fields = [](std::vector<std::string_view> names) { return PostFieldSet::Parse(names).value(); };
  const auto report = [&](const char* what, const ColumnSelection& selection) {
    std::printf("%-48s %8.1f us a batch of 256\n", what, Measure(*snapshot, selection));
  };
  report("id, row", {.fields = fields({"id"})});
  report("and tag_indexes", {.fields = fields({"tag_indexes"})});
  report("and tags (by id)", {.fields = fields({"tags"})});
  report("and tags, rating, width, height, score",
         {.fields = fields({"tags", "rating", "width_px", "height_px", "score"})});
  report("and source", {.fields = fields({"source"})});
  report("all fields", {.fields = PostFieldSet::All()});
  report("labels of 10,000, lists", {.fields = fields({"id"}), .labels = labels});
  report("labels of 10,000, bits",
         {.fields = fields({"id"}), .labels = labels, .label_encoding = LabelEncoding::kBits});
  report("labels of 10,000, dense",
         {.fields = fields({"id"}), .labels = labels, .label_encoding = LabelEncoding::kDense});
}

}  // namespace
}  // namespace millrace
