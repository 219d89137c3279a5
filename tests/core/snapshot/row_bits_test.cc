// Goal: bits hold what was added, and refuse what is no set of the snapshot's rows. Method: random sets against their
// union as row sets; bytes cut off and changed.
#include "core/snapshot/row_bits.h"

#include <random>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr uint32_t kRowCount = 200'001;

absl::Span<const uint8_t> Bytes(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
}

TEST_CASE("bits of lists and bitmaps are the union of their rows") {
  std::mt19937 random(11);
  for (int round = 0; round < 30; ++round) {
    RowBits bits(kRowCount);
    RowSet expected;
    for (int set = 0; set < 5; ++set) {
      std::vector<uint32_t> rows;
      const uint32_t gap_max = 1u << (random() % 14);
      for (uint32_t row = random() % gap_max; row < kRowCount; row += 1 + random() % gap_max) rows.push_back(row);
      const RowSet added = RowSet::FromAscending(rows);
      expected.Or(added);
      if (set % 2 == 0) {
        REQUIRE(bits.AddSerialised(Bytes(added.Serialise())));
      } else {
        bits.Add(rows);
      }
    }
    // A range is written as runs.
    const RowSet range = RowSet::Range(70'000, 70'000 + random() % 100'000);
    expected.Or(range);
    REQUIRE(bits.AddSerialised(Bytes(range.Serialise())));
    CHECK(std::move(bits).Finish().ToVector() == expected.ToVector());
  }
  CHECK(RowBits(kRowCount).Finish().IsEmpty());
  CHECK(RowBits(0).Finish().IsEmpty());
}

TEST_CASE("bits become a set, blocks with few rows and with many") {
  std::mt19937 random(4);
  constexpr uint32_t kRows = 5 * 65'536;
  for (const uint32_t gap_max : {1u, 2u, 15u, 16u, 17u, 300u, 70'000u}) {
    std::vector<uint32_t> expected;
    for (uint32_t row = random() % gap_max; row < kRows; row += 1 + random() % gap_max) expected.push_back(row);
    RowBits bits(kRows);
    for (const uint32_t row : expected) bits.words()[row / 64] |= uint64_t{1} << (row % 64);
    const RowSet rows = std::move(bits).Finish();
    CHECK(rows.ToVector() == expected);
    CHECK(rows.Serialise() == RowSet::FromAscending(expected).Serialise());
  }
}

TEST_CASE("bits are full when every row is there, and whatever comes then changes nothing") {
  std::mt19937 random(6);
  for (const uint32_t row_count : {1u, 63u, 64u, 65u, 65'535u, 65'536u, 65'537u, 131'072u, kRowCount}) {
    CAPTURE(row_count);
    RowBits all(row_count);
    CHECK(!all.IsFull());
    all.AddAll();
    CHECK(all.IsFull());
    CHECK(std::move(all).Finish().Count() == row_count);

    RowBits bits(row_count);
    RowSet expected;
    for (int round = 0; round < 60 && expected.Count() < row_count; ++round) {
      RowSet added;
      if (random() % 2 == 0) {
        const uint32_t first = random() % row_count;
        added = RowSet::Range(first, first + 1 + random() % (row_count - first));
      } else {
        std::vector<uint32_t> rows;
        for (uint32_t row = random() % 2; row < row_count; row += 1 + random() % 3) rows.push_back(row);
        added = RowSet::FromAscending(rows);
      }
      if (round == 50) added = RowSet::Range(0, row_count);
      expected.Or(added);
      bits.Add(added);
      CHECK(bits.IsFull() == (expected.Count() == row_count));
      RowSet missing = RowSet::Range(0, row_count);
      missing.AndNot(expected);
      CHECK(bits.CountMissing() == missing.Count());
      CHECK(bits.Missing() == missing.ToVector());
    }
    CHECK(bits.IsFull());
    bits.Add(RowSet::Range(0, row_count));
    CHECK(std::move(bits).Finish().Count() == row_count);
  }
}

TEST_CASE("what is no set of the snapshot's rows is refused") {
  std::vector<uint32_t> rows;
  for (uint32_t row = 0; row < kRowCount; row += row < 70'000 ? 2 : 100) rows.push_back(row);
  const std::string whole = RowSet::FromAscending(rows).Serialise();
  REQUIRE(RowBits(kRowCount).AddSerialised(Bytes(whole)));
  for (size_t size = 0; size < whole.size(); size += 1 + size / 8) {
    CHECK_FALSE(RowBits(kRowCount).AddSerialised(Bytes(whole.substr(0, size))));
  }
  // The last row is 200,000; one in a list, and one in a bitmap.
  CHECK_FALSE(RowBits(rows.back()).AddSerialised(Bytes(whole)));
  CHECK_FALSE(RowBits(60'000).AddSerialised(Bytes(whole)));
  CHECK_FALSE(RowBits(65'536).AddSerialised(Bytes(whole)));
  CHECK_FALSE(RowBits(kRowCount).AddSerialised(Bytes(RowSet::Range(0, kRowCount + 1).Serialise())));
  std::string cookie = whole;
  cookie[0] = 'x';
  CHECK_FALSE(RowBits(kRowCount).AddSerialised(Bytes(cookie)));
}

}  // namespace
}  // namespace millrace
