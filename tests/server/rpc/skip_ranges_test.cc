// Goal: a stream leaves out exactly the steps that the ranges name. Method: random ranges against a set of steps, and
// each kind of bad range.
#include "server/rpc/skip_ranges.h"

#include <random>
#include <set>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

void Add(v1::StreamBatchesRequest* request, int64_t epoch, int64_t first_step, int64_t last_step) {
  v1::StepRange* range = request->add_skip();
  range->set_epoch(epoch);
  range->set_first_step(first_step);
  range->set_last_step(last_step);
}

std::string FieldAtFault(int64_t epoch, int64_t first_step, int64_t last_step) {
  v1::StreamBatchesRequest request;
  Add(&request, 0, 0, 0);
  Add(&request, epoch, first_step, last_step);
  const auto ranges = SkipRanges::Create(request.skip(), 10);
  REQUIRE_FALSE(ranges.ok());
  return FieldOf(ranges.status());
}

TEST_CASE("exactly the steps of the ranges are left out") {
  std::mt19937_64 random(7);
  constexpr int64_t kBatchCount = 30;
  for (int round = 0; round < 200; ++round) {
    v1::StreamBatchesRequest request;
    std::set<std::pair<int64_t, int64_t>> skipped;
    for (uint64_t i = random() % 6; i > 0; --i) {
      const auto epoch = static_cast<int64_t>(random() % 3);
      const auto first = static_cast<int64_t>(random() % kBatchCount);
      const int64_t last = first + static_cast<int64_t>(random() % static_cast<uint64_t>(kBatchCount - first));
      Add(&request, epoch, first, last);
      for (int64_t step = first; step <= last; ++step) skipped.emplace(epoch, step);
    }
    const auto ranges = SkipRanges::Create(request.skip(), kBatchCount);
    REQUIRE(ranges.ok());
    for (int64_t epoch = 0; epoch < 4; ++epoch) {
      for (int64_t step = 0; step < kBatchCount; ++step) {
        int64_t expected = 0;
        while (skipped.contains({epoch, step + expected})) ++expected;
        REQUIRE(ranges->StepsFrom({epoch, step}) == expected);
      }
    }
  }
}

TEST_CASE("a range that is not within an epoch is refused by its field") {
  CHECK(FieldAtFault(-1, 0, 0) == "skip[1].epoch");
  CHECK(FieldAtFault(kEpochMax + 1, 0, 0) == "skip[1].epoch");
  CHECK(FieldAtFault(0, -1, 0) == "skip[1].first_step");
  CHECK(FieldAtFault(0, 10, 10) == "skip[1].first_step");
  CHECK(FieldAtFault(0, 3, 2) == "skip[1].last_step");
  CHECK(FieldAtFault(0, 3, 10) == "skip[1].last_step");
}

TEST_CASE("more ranges than a request may have are refused") {
  v1::StreamBatchesRequest request;
  for (int i = 0; i <= kSkipRangeCountMax; ++i) Add(&request, 0, 0, 0);
  const auto ranges = SkipRanges::Create(request.skip(), 10);
  REQUIRE_FALSE(ranges.ok());
  CHECK(FieldOf(ranges.status()) == "skip");
}

}  // namespace
}  // namespace millrace
