// Goal: a list of rows gives back what it was made of, at any place, in few bits. Method: lists of all densities and
// shapes, compared with the vector that they were made of.
#include "core/plan/row_list.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <utility>

#include "tests/support/catch.h"

namespace millrace {
namespace {

using Rows = std::vector<uint32_t>;

void CheckList(const Rows& rows, int64_t limit) {
  CAPTURE(rows.size(), limit);
  const RowList list = RowList::FromAscending(rows, limit);
  REQUIRE(list.size() == static_cast<int64_t>(rows.size()));
  std::vector<int64_t> values(rows.size());
  std::iota(values.rbegin(), values.rend(), int64_t{0});  // not in the order in which they are stored
  list.Apply(absl::MakeSpan(values));
  for (size_t i = 0; i < rows.size(); ++i) {
    REQUIRE(list.At(static_cast<int64_t>(i)) == rows[i]);
    REQUIRE(values[rows.size() - 1 - i] == rows[i]);
  }
}

// Every row below the limit with the probability of one in `spacing`.
Rows RandomRows(std::mt19937_64& random, int64_t limit, uint64_t spacing) {
  Rows rows;
  for (int64_t row = 0; row < limit; ++row) {
    if (random() % spacing == 0) rows.push_back(static_cast<uint32_t>(row));
  }
  return rows;
}

TEST_CASE("a list gives back its rows, whatever their density") {
  std::mt19937_64 random(80);
  for (const uint64_t spacing : {1, 2, 3, 7, 40, 1000, 100000}) {
    for (const int64_t limit : {1, 63, 64, 65, 1000, 4096, 100000})
      CheckList(RandomRows(random, limit, spacing), limit);
  }
}

TEST_CASE("a list gives back its rows, whatever their shape") {
  constexpr int64_t kLimit = int64_t{1} << 32;
  CheckList({}, 0);
  CheckList({}, 100);
  CheckList({0}, 1);
  CheckList({99}, 100);
  CheckList({4294967295u}, kLimit);
  CheckList({0, 4294967295u}, kLimit);
  // Long runs of zeros in the upper bits, within the reach of one hint and beyond it.
  for (const uint32_t head_count : {1u, 63u, 64u, 65u, 1000u}) {
    Rows rows(2 * head_count);
    std::iota(rows.begin(), rows.begin() + head_count, 0u);
    std::iota(rows.begin() + head_count, rows.end(), 4294967295u - head_count);
    CheckList(rows, kLimit);
  }
}

TEST_CASE("a row is found at its place, and only when it is there") {
  std::mt19937_64 random(81);
  for (const uint64_t spacing : {1, 2, 50}) {
    constexpr int64_t kLimit = 3000;
    const Rows rows = RandomRows(random, kLimit, spacing);
    const RowList list = RowList::FromAscending(rows, kLimit);
    for (int64_t row = -1; row <= kLimit; ++row) {
      const auto expected = std::find(rows.begin(), rows.end(), row);
      const std::optional<int64_t> place = list.Find(row);
      REQUIRE(place.has_value() == (row >= 0 && expected != rows.end()));
      if (place.has_value()) REQUIRE(*place == expected - rows.begin());
    }
  }
  CHECK(!RowList().Find(0).has_value());
}

TEST_CASE("a list takes little more than the logarithm of its spacing in bits a row") {
  std::mt19937_64 random(82);
  for (const auto& [spacing, bits_max] : {std::pair{1, 2.6}, {2, 4.1}, {10, 6.1}, {100, 9.6}}) {
    const Rows rows = RandomRows(random, 2000000, static_cast<uint64_t>(spacing));
    const RowList list = RowList::FromAscending(rows, 2000000);
    const double bits = 8.0 * static_cast<double>(list.memory_bytes()) / static_cast<double>(rows.size());
    CAPTURE(spacing, bits);
    CHECK(bits < bits_max);
    CHECK(bits > 1.0);
  }
}

}  // namespace
}  // namespace millrace
