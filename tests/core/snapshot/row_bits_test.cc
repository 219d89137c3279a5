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
