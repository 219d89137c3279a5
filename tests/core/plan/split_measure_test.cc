// Question: what do dealing millions of posts, keeping them and reading members cost?
// Method: every strategy over 3.7 M posts, five times; medians of processor time, bytes a post, and nanoseconds for
// members read in batches of 256 at random. Hidden, because it asserts no time: run it with "[.measure]".
#include <time.h>

#include <cstdio>

#include "core/plan/permutation.h"
#include "core/plan/plan.h"
#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

constexpr int64_t kPostCount = 3700000;
constexpr int kRunCount = 5;

// Of this thread, so that other work on the machine counts less.
double ProcessorMilliseconds() {
  timespec now;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

// Reads every member once, in random batches; nanoseconds a member.
double MeasureReading(const SplitMembers& members, int64_t* checksum) {
  std::vector<int64_t> batch(256);
  const Permutation order = Permutation::Create(members.size(), SelectionKey(1)).value();
  std::vector<int64_t> shuffled(static_cast<size_t>(members.size() / 256 * 256));
  order.Fill(0, absl::MakeSpan(shuffled));
  const double start = ProcessorMilliseconds();
  for (size_t first = 0; first < shuffled.size(); first += batch.size()) {
    const absl::Span<int64_t> part = absl::MakeSpan(shuffled).subspan(first, batch.size());
    members.Elements(part);
    *checksum += part[0];
  }
  return (ProcessorMilliseconds() - start) * 1e6 / static_cast<double>(shuffled.size());
}

void Measure(const char* name, const PlanSpec& spec, const PlanInput& input) {
  std::vector<double> dealing, reading;
  size_t size_bytes = 0;
  int64_t checksum = 0;
  for (int run = 0; run < kRunCount; ++run) {
    const double start = ProcessorMilliseconds();
    const DealtSplits dealt = DealSplits(spec, input).value();
    dealing.push_back(ProcessorMilliseconds() - start);
    reading.push_back(MeasureReading(dealt.members[0], &checksum));
    size_bytes = 0;
    for (const SplitMembers& members : dealt.members) size_bytes += members.memory_bytes();
  }
  std::printf("%-28s dealing %7.1f ms, %5.2f bytes a post, reading %5.1f ns a member (checksum %lld)\n", name,
              Median(dealing), static_cast<double>(size_bytes) / kPostCount, Median(reading),
              static_cast<long long>(checksum));
  CHECK(checksum > 0);
}

TEST_CASE("what opening a plan with hash splits over 3.7 million posts costs", "[.measure]") {
  std::mt19937_64 random(1);
  PlanInput input;
  input.row_count = kPostCount;
  input.post_ids = RandomInput(random, kPostCount).post_ids;
  const PlanSpec spec = StrategySpec(SplitStrategy::kHash, DefaultSplits());
  std::vector<double> opening;
  size_t size_bytes = 0;
  for (int run = 0; run < kRunCount; ++run) {
    PlanInput copy = input;
    const double start = ProcessorMilliseconds();
    const Plan plan = Plan::Open(spec, std::move(copy)).value();
    opening.push_back(ProcessorMilliseconds() - start);
    size_bytes = plan.memory_bytes();
  }
  std::printf("Plan::Open, hash: %.1f ms, %.2f bytes a post\n", Median(opening),
              static_cast<double>(size_bytes) / kPostCount);
  CHECK(size_bytes < 4 * kPostCount);
}

TEST_CASE("what dealing 3.7 million posts costs", "[.measure]") {
  std::mt19937_64 random(1);
  const PlanInput input = RandomInput(random, kPostCount);
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, DefaultSplits());
  spec.batch_size = 256;
  Measure("exact", spec, input);
  spec.splits[0].order = OrderKind::kSequential;
  Measure("exact, sequential", spec, input);
  spec.unit = SplitUnit::kArtist;
  Measure("exact, units", spec, input);
  spec.strategy = SplitStrategy::kHash;
  Measure("hash, units", spec, input);
  spec.unit = SplitUnit::kPost;
  Measure("hash", spec, input);
  spec.splits = SplitsOfShares(std::vector<int64_t>(kSplitCountMax, 1));
  Measure("hash, 64 splits", spec, input);
  spec.splits = DefaultSplits();
  spec.strategy = SplitStrategy::kStratified;
  spec.stratify = StratifySpec{};
  Measure("stratified", spec, input);
  spec.strategy = SplitStrategy::kPartitioned;
  Measure("partitioned", spec, input);
  spec.coverage = Coverage::kHalf;
  Measure("partitioned, half", spec, input);
  spec = StrategySpec(SplitStrategy::kIdRange, DefaultSplits());
  spec.modulus = 1000;
  spec.splits[0].ranges = {{0, 899}};
  spec.splits[1].ranges = {{900, 949}};
  spec.splits[2].ranges = {{950, 999}};
  Measure("id_range", spec, input);
}

}  // namespace
}  // namespace millrace
