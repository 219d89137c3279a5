// Goal: row sets are sets, and what the builder makes of bits is one. Method: random rows against std::set.
#include "core/snapshot/row_set.h"

#include <algorithm>
#include <random>
#include <set>

#include "core/snapshot/row_set_builder.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

std::vector<uint32_t> RandomRows(std::mt19937& random, uint32_t limit, uint32_t gap_max) {
  std::vector<uint32_t> rows;
  for (uint32_t row = random() % gap_max; row < limit; row += 1 + random() % gap_max) rows.push_back(row);
  return rows;
}

TEST_CASE("row sets meet, unite and part as sets do") {
  std::mt19937 random(3);
  for (int round = 0; round < 40; ++round) {
    const std::vector<uint32_t> a = RandomRows(random, 200'000, 1u << (random() % 14));
    const std::vector<uint32_t> b = RandomRows(random, 200'000, 1u << (random() % 14));
    const RowSet right = RowSet::FromAscending(b);
    const auto check = [&](auto combine, auto method) {
      std::vector<uint32_t> expected;
      combine(a.begin(), a.end(), b.begin(), b.end(), std::back_inserter(expected));
      RowSet rows = RowSet::FromAscending(a);
      (rows.*method)(right);
      CHECK(rows.ToVector() == expected);
      CHECK(rows.Count() == expected.size());
      CHECK(rows.IsEmpty() == expected.empty());
      const std::optional<RowSet> parsed = RowSet::Parse(rows.Serialise());
      REQUIRE(parsed.has_value());
      CHECK(parsed->ToVector() == expected);
      const std::vector<uint32_t> slice = rows.Slice(10, 100);
      const size_t first = std::min<size_t>(10, expected.size());
      const size_t end = std::min<size_t>(110, expected.size());
      CHECK(slice == std::vector<uint32_t>(expected.begin() + static_cast<ptrdiff_t>(first),
                                           expected.begin() + static_cast<ptrdiff_t>(end)));
      std::vector<uint32_t> read;
      std::vector<uint32_t> buffer(1 + random() % 3000);
      RowSet::Reader reader(rows);
      while (const size_t count = reader.Read(absl::MakeSpan(buffer))) {
        read.insert(read.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(count));
      }
      CHECK(read == expected);
    };
    const auto intersection = [](auto... args) { std::set_intersection(args...); };
    const auto united = [](auto... args) { std::set_union(args...); };
    const auto difference = [](auto... args) { std::set_difference(args...); };
    check(intersection, &RowSet::And);
    check(united, &RowSet::Or);
    check(difference, &RowSet::AndNot);
  }
}

TEST_CASE("bits become a set, blocks with few rows and with many") {
  std::mt19937 random(4);
  for (const uint32_t gap_max : {1u, 2u, 15u, 16u, 17u, 300u, 70'000u}) {
    const std::vector<uint32_t> expected = RandomRows(random, 5 * RowSetBuilder::kBlockRows, gap_max);
    RowSetBuilder builder;
    for (uint32_t number = 0; number < 5; ++number) {
      RowSetBuilder::Block block{};
      for (const uint32_t row : expected) {
        if (row / RowSetBuilder::kBlockRows != number) continue;
        block[row % RowSetBuilder::kBlockRows / 64] |= uint64_t{1} << (row % 64);
      }
      builder.Add(number, block);
    }
    const RowSet rows = std::move(builder).Finish();
    CHECK(rows.ToVector() == expected);
    CHECK(rows.Serialise() == RowSet::FromAscending(expected).Serialise());
  }
  CHECK(RowSetBuilder().Finish().IsEmpty());
}

TEST_CASE("ranges, single rows, and bytes that are no set") {
  CHECK(RowSet::Range(5, 5).IsEmpty());
  CHECK(RowSet::Range(6, 5).IsEmpty());
  CHECK(RowSet::Range(65'530, 65'540).Count() == 10);
  CHECK(RowSet::Range(0xFFFFFFFF, uint64_t{1} << 32).Contains(0xFFFFFFFF));
  CHECK(!RowSet::Range(0, 10).Contains(10));
  RowSet rows = RowSet::Range(0, 3);
  CHECK(rows.Clone().ToVector() == rows.ToVector());
  CHECK(!RowSet::Parse("").has_value());
  CHECK(!RowSet::Parse("nonsense").has_value());
  const std::string bytes = RowSet::Range(0, 100'000).Serialise();
  CHECK(!RowSet::Parse(bytes.substr(0, bytes.size() - 1)).has_value());
}

}  // namespace
}  // namespace millrace
