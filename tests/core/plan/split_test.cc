// Goal: exact counts. Method: known cases, and against the definition worked out naively for random ones, with the
// properties that the definition promises: they add up, are within one of the exact share, and no share goes without.
#include "core/plan/split.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "tests/support/catch.h"

namespace millrace {
namespace {

using Counts = std::vector<int64_t>;

// Hands the left-over samples out one by one, looking for the largest remainder each time. For numbers whose products
// fit 64 bits.
Counts NaiveCounts(int64_t total, const Counts& shares) {
  const int64_t sum = std::accumulate(shares.begin(), shares.end(), int64_t{0});
  Counts counts, remainders;
  for (const int64_t share : shares) {
    counts.push_back(total * share / sum);
    remainders.push_back(total * share % sum);
  }
  while (std::accumulate(counts.begin(), counts.end(), int64_t{0}) < total) {
    const auto largest = std::max_element(remainders.begin(), remainders.end());
    ++counts[static_cast<size_t>(largest - remainders.begin())];
    *largest = -1;
  }
  for (size_t i = 0; i < shares.size(); ++i) {
    const auto largest = std::max_element(counts.begin(), counts.end());
    if (shares[i] > 0 && counts[i] == 0 && *largest > 1) {
      --*largest;
      ++counts[i];
    }
  }
  return counts;
}

TEST_CASE("known counts") {
  CHECK(ExactCounts(100, Counts{80, 10, 10}) == Counts{80, 10, 10});
  CHECK(ExactCounts(10, Counts{80, 10, 10}) == Counts{8, 1, 1});
  CHECK(ExactCounts(5, Counts{1, 1, 1}) == Counts{2, 2, 1});
  CHECK(ExactCounts(4, Counts{80, 10, 10}) == Counts{2, 1, 1});
  CHECK(ExactCounts(2, Counts{80, 10, 10}) == Counts{1, 1, 0});
  CHECK(ExactCounts(1, Counts{80, 10, 10}) == Counts{1, 0, 0});
  CHECK(ExactCounts(0, Counts{80, 10, 10}) == Counts{0, 0, 0});
  CHECK(ExactCounts(7, Counts{0, 5, 0}) == Counts{0, 7, 0});
  CHECK(ExactCounts(3, Counts{1000000, 1, 1}) == Counts{1, 1, 1});
}

TEST_CASE("the largest totals and shares do not overflow") {
  const int64_t total = int64_t{1} << 40;
  const Counts shares(64, 2147483647);
  CHECK(ExactCounts(total, shares) == Counts(64, total / 64));
  CHECK(ExactCounts(total, Counts{2147483647, 1}) == Counts{total - 512, 512});
}

TEST_CASE("random counts are those of the definition, and keep its promises") {
  std::mt19937_64 random(40);
  for (int round = 0; round < 20000; ++round) {
    Counts shares(1 + random() % 8);
    const uint64_t share_max = uint64_t{1} << (1 + random() % 20);
    for (int64_t& share : shares) share = static_cast<int64_t>(random() % share_max);
    if (std::all_of(shares.begin(), shares.end(), [](int64_t share) { return share == 0; })) shares[0] = 1;
    const int64_t total = static_cast<int64_t>(random() % (uint64_t{1} << (1 + random() % 24)));
    const Counts counts = ExactCounts(total, shares);
    CAPTURE(total, shares);
    REQUIRE(counts == NaiveCounts(total, shares));
    REQUIRE(std::accumulate(counts.begin(), counts.end(), int64_t{0}) == total);
    const int64_t sum = std::accumulate(shares.begin(), shares.end(), int64_t{0});
    const int64_t fed_max = static_cast<int64_t>(shares.size());  // samples that small splits may have taken
    for (size_t i = 0; i < shares.size(); ++i) {
      if (shares[i] == 0) REQUIRE(counts[i] == 0);
      if (shares[i] > 0 && total >= fed_max) REQUIRE(counts[i] >= 1);
      REQUIRE(counts[i] <= std::max<int64_t>(1, total * shares[i] / sum + 1));
      REQUIRE(counts[i] >= total * shares[i] / sum - fed_max);
    }
  }
}

}  // namespace
}  // namespace millrace
