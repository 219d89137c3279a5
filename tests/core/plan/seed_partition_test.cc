// Goal: `partitioned` in half coverage serves the seed system's batches. Method: partitions that its own generator drew
// (tests/golden/seed_system.json); properties of the rule over sizes and seeds; and errors for what it cannot divide.
#include "core/plan/seed_partition.h"

#include <algorithm>
#include <array>
#include <bit>
#include <set>

#include "core/base/error.h"
#include "core/plan/plan_spec.h"
#include "core/plan/seed_random.h"
#include "tests/core/plan/seed_golden.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr std::array<SeedSplit, kSeedSplitCount> kSplits = {SeedSplit::kTrain, SeedSplit::kValidation,
                                                            SeedSplit::kTest};
constexpr std::array<const char*, kSeedSplitCount> kSplitNames = {"train", "validation", "test"};

SeedPartitionSpec SpecOf(const GoldenElement& entry) {
  return {.row_count = entry["row_count"],
          .batch_size = entry["batch_size"],
          .seed = GoldenU64(entry["seed"]),
          .validation_percent = static_cast<int32_t>(int64_t{entry["validation_percent"]}),
          .test_percent = static_cast<int32_t>(int64_t{entry["test_percent"]})};
}

std::vector<uint32_t> RowsOf(absl::Span<const uint32_t> batch) { return {batch.begin(), batch.end()}; }

std::vector<uint32_t> RowsServed(const SeedPartition& partition) {
  std::vector<uint32_t> rows;
  for (const SeedSplit split : kSplits) {
    for (int64_t step = 0; step < partition.batch_count(split); ++step) {
      const absl::Span<const uint32_t> batch = partition.Batch(split, step);
      rows.insert(rows.end(), batch.begin(), batch.end());
    }
  }
  return rows;
}

void CheckBatches(const SeedPartition& partition, const GoldenElement& entry) {
  for (const SeedSplit split : kSplits) {
    int64_t step = 0;
    for (const GoldenElement batch : entry[kSplitNames[static_cast<size_t>(split)]].get_array()) {
      REQUIRE(step < partition.batch_count(split));
      CHECK(RowsOf(partition.Batch(split, step)) == GoldenIntegers<uint32_t>(batch));
      ++step;
    }
    CHECK(step == partition.batch_count(split));
  }
}

void CheckDigest(const SeedPartition& partition, const GoldenElement& entry) {
  const std::vector<int64_t> batch_counts = GoldenIntegers<int64_t>(entry["batch_counts"]);
  for (const SeedSplit split : kSplits) CHECK(partition.batch_count(split) == batch_counts[static_cast<size_t>(split)]);
  CHECK(RowsOf(partition.Batch(SeedSplit::kTrain, 0)) == GoldenIntegers<uint32_t>(entry["first"]));
  CHECK(RowsOf(partition.Batch(SeedSplit::kTest, batch_counts[2] - 1)) == GoldenIntegers<uint32_t>(entry["last"]));
  CHECK(DigestOf<uint32_t>(RowsServed(partition), 8) == std::string_view(entry["sha256"]));
}

TEST_CASE("the batches of every split are the seed system's") {
  simdjson::dom::parser parser;
  size_t listed_count = 0, digest_count = 0;
  for (const GoldenElement entry : LoadSeedGolden(&parser)["partitions"].get_array()) {
    const SeedPartition partition = SeedPartition::Create(SpecOf(entry)).value();
    CAPTURE(SpecOf(entry).row_count, SpecOf(entry).batch_size);
    if (entry["sha256"].error() == simdjson::SUCCESS) {
      CheckDigest(partition, entry);
      ++digest_count;
    } else {
      CheckBatches(partition, entry);
      ++listed_count;
    }
  }
  CHECK(listed_count == 6);
  CHECK(digest_count == 3);
}

TEST_CASE("shares are the seed system's, which are not always those of integers") {
  simdjson::dom::parser parser;
  size_t count = 0, other_count = 0;
  for (const GoldenElement entry : LoadSeedGolden(&parser)["shares"].get_array()) {
    const std::vector<int64_t> numbers = GoldenIntegers<int64_t>(entry);
    CAPTURE(numbers[0], numbers[1]);
    CHECK(SeedShare(numbers[0], static_cast<int32_t>(numbers[1])) == std::max<int64_t>(numbers[2], 1));
    if (numbers[2] != numbers[0] * numbers[1] / 100) ++other_count;
    ++count;
  }
  CHECK(count == 152);
  CHECK(other_count >= 20);
}

// numerator / denominator to the nearest integer, halves to the even one.
uint64_t RoundedQuotient(uint64_t numerator, uint64_t denominator) {
  const uint64_t quotient = numerator / denominator, twice_remainder = 2 * (numerator % denominator);
  return quotient + (twice_remainder > denominator || (twice_remainder == denominator && quotient % 2 == 1));
}

// The nearest number of 24 binary digits.
uint64_t Rounded24(uint64_t number) {
  const int excess = std::max(static_cast<int>(std::bit_width(number)) - 24, 0);
  return RoundedQuotient(number, uint64_t{1} << excess) << excess;
}

// The specification's text, which manages without floating point.
uint64_t ShareByIntegers(uint64_t batch_count, uint64_t percent) {
  const uint64_t product = Rounded24(Rounded24(batch_count) * percent);
  const int scale = 24 - static_cast<int>(std::bit_width(product / 100));
  const uint64_t whole = scale >= 0 ? RoundedQuotient(product << scale, 100) >> scale
                                    : RoundedQuotient(product, uint64_t{100} << -scale) << -scale;
  return std::max<uint64_t>(whole, 1);
}

TEST_CASE("shares agree with the same rule in integers") {
  SeedRandom random(5);
  for (int64_t i = 0; i < 40'000; ++i) {
    const int64_t batch_count = i < 20'000 ? i : static_cast<int64_t>(random.NextU32() >> random.UniformU32(1, 12));
    for (int32_t percent = 0; percent <= 100; ++percent) {
      const uint64_t expected = ShareByIntegers(static_cast<uint64_t>(batch_count), static_cast<uint64_t>(percent));
      if (SeedShare(batch_count, percent) == static_cast<int64_t>(expected)) continue;
      CAPTURE(batch_count, percent);
      CHECK(SeedShare(batch_count, percent) == static_cast<int64_t>(expected));
    }
  }
}

// One batch for each partition, of its rows and without repeats.
void CheckPartitions(const SeedPartition& partition, const SeedPartitionSpec& spec) {
  std::set<int64_t> partitions;
  int64_t batch_count = 0;
  for (const SeedSplit split : kSplits) {
    REQUIRE(partition.batch_count(split) >= 1);
    for (int64_t step = 0; step < partition.batch_count(split); ++step) {
      const absl::Span<const uint32_t> batch = partition.Batch(split, step);
      REQUIRE(static_cast<int64_t>(batch.size()) == spec.batch_size);
      const int64_t own = batch[0] / (2 * spec.batch_size);
      REQUIRE(std::all_of(batch.begin(), batch.end(), [&](int64_t row) { return row / (2 * spec.batch_size) == own; }));
      REQUIRE(std::set<uint32_t>(batch.begin(), batch.end()).size() == batch.size());
      partitions.insert(own);
      ++batch_count;
    }
  }
  REQUIRE(batch_count == spec.row_count / (2 * spec.batch_size));
  REQUIRE(static_cast<int64_t>(partitions.size()) == batch_count);
  REQUIRE(*partitions.rbegin() == batch_count - 1);
}

TEST_CASE("each whole partition gives one batch of distinct rows, whatever the sizes") {
  SeedRandom random(11);
  for (int i = 0; i < 300; ++i) {
    SeedPartitionSpec spec;
    spec.batch_size = static_cast<int64_t>(random.UniformU64(1, 100));
    spec.row_count = spec.batch_size * 6 + static_cast<int64_t>(random.UniformU64(0, 3000));
    spec.seed = random.NextU64();
    spec.validation_percent = static_cast<int32_t>(random.UniformU32(0, 34));
    spec.test_percent = static_cast<int32_t>(random.UniformU32(0, 34));
    CAPTURE(spec.row_count, spec.batch_size, spec.seed, spec.validation_percent, spec.test_percent);
    CheckPartitions(SeedPartition::Create(spec).value(), spec);
  }
}

TEST_CASE("a row is found where it is served and nowhere else") {
  const SeedPartition partition = SeedPartition::Create({1005, 10, 42, 20, 10}).value();
  size_t found_count = 0;
  for (int64_t row = -3; row < 1010; ++row) {
    const std::optional<SeedPartition::Place> place = partition.Find(row);
    if (!place.has_value()) continue;
    CHECK(partition.Batch(place->split, place->step)[static_cast<size_t>(place->index)] == row);
    ++found_count;
  }
  CHECK(found_count == RowsServed(partition).size());
}

TEST_CASE("another seed gives other batches") {
  const SeedPartition one = SeedPartition::Create({600, 8, 1, 10, 10}).value();
  const SeedPartition other = SeedPartition::Create({600, 8, 2, 10, 10}).value();
  CHECK(RowsServed(one) != RowsServed(other));
}

void CheckRefused(const SeedPartitionSpec& spec, const std::string& field, const std::string& part) {
  const absl::Status status = SeedPartition::Create(spec).status();
  CAPTURE(status.ToString());
  REQUIRE(ReasonOf(status) == Reason::kFieldInvalid);
  CHECK(FieldOf(status) == field);
  CHECK(status.ToString().find(part) != std::string::npos);
}

TEST_CASE("sizes that leave a split without a batch are refused with what would do") {
  CHECK(SeedPartition::Create({24, 4, 0, 10, 10}).ok());
  CheckRefused({23, 4, 0, 10, 10}, "spec.batch_size", "makes 2 batches of the selection's 23 posts");
  CheckRefused({23, 4, 0, 10, 10}, "spec.batch_size", "give at most 3");
  CHECK(SeedPartition::Create({23, 3, 0, 10, 10}).ok());
  CheckRefused({5, 1, 0, 10, 10}, "spec.batch_size", "select at least 6 posts");
  CheckRefused({0, 1, 0, 10, 10}, "spec.batch_size", "makes 0 batches");
  CheckRefused({80, 4, 0, 50, 50}, "spec.splits", "validation 5 and test 5 of the 10 batches");
  CheckRefused({80, 4, 0, 100, 0}, "spec.splits", "leaves none for train");
  CHECK(SeedPartition::Create({80, 4, 0, 50, 40}).ok());
}

TEST_CASE("numbers out of range are refused") {
  CheckRefused({40, 0, 0, 10, 10}, "spec.batch_size", "is 0");
  CheckRefused({40, -1, 0, 10, 10}, "spec.batch_size", "is -1");
  CheckRefused({40, kBatchSizeMax + 1, 0, 10, 10}, "spec.batch_size", "is 1048577");
  CheckRefused({SeedPartition::kRowCountMax + 1, 64, 0, 10, 10}, "spec.strategy", "4294967297");
  CheckRefused({40, 4, 0, -1, 10}, "spec.splits", "validation -1 percent");
  CheckRefused({40, 4, 0, 10, 101}, "spec.splits", "test 101 percent");
}

}  // namespace
}  // namespace millrace
