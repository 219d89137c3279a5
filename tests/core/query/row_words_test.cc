// Goal: answers in words are those of the rows one by one, on every processor. Method: random numbers, every number of
// rows around a word's end.
#include "core/query/row_words.h"

#include <limits>
#include <random>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace millrace {
namespace {

struct IsOver {
  const int32_t* values;
  int32_t limit;
  [[gnu::always_inline]] bool operator()(size_t i) const { return values[i] > limit; }
};

TEST_CASE("words hold what each row says") {
  std::mt19937 random(3);
  std::vector<int32_t> values(5000);
  for (int32_t& value : values) value = static_cast<int32_t>(random() % 100);
  for (const int32_t limit : {-1, 5, 50, 98, 100}) {
    for (const size_t row_count : {0u, 1u, 63u, 64u, 65u, 127u, 128u, 2048u, 2049u, 4999u, 5000u}) {
      for (const bool is_negated : {false, true}) {
        CAPTURE(limit, row_count, is_negated);
        std::vector<uint64_t> begin((row_count + 63) / 64);
        for (size_t i = 0; i < row_count; ++i) begin[i / 64] |= uint64_t{random() % 3 != 0} << (i % 64);
        // Where no row is left of many words.
        if (begin.size() > 40) std::fill(begin.begin(), begin.begin() + 33, 0);
        std::vector<uint64_t> expected = begin;
        for (size_t i = 0; i < row_count; ++i) {
          if ((values[i] > limit) == is_negated) expected[i / 64] &= ~(uint64_t{1} << (i % 64));
        }
        std::vector<uint64_t> by_words = begin;
        NarrowByWords(IsOver{values.data(), limit}, is_negated, row_count, absl::MakeSpan(by_words));
        CHECK(by_words == expected);
        std::vector<uint64_t> by_bits = begin;
        NarrowByBits(IsOver{values.data(), limit}, is_negated, absl::MakeSpan(by_bits));
        CHECK(by_bits == expected);
      }
    }
    std::vector<uint64_t> chosen(values.size() / 64), anywhere(values.size() / 64);
    MakeWords(IsOver{values.data(), limit}, absl::MakeSpan(chosen));
    MakeWordsAnywhere(IsOver{values.data(), limit}, absl::MakeSpan(anywhere));
    CHECK(chosen == anywhere);
  }
}

// Words by the processor's comparisons and by those of the rows one by one.
template <typename Holds>
void CheckWords(const Holds& holds, size_t row_count) {
  std::vector<uint64_t> expected((row_count + 63) / 64);
  for (size_t i = 0; i < row_count; ++i) expected[i / 64] |= uint64_t{holds(i)} << (i % 64);
  std::vector<uint64_t> all((row_count + 63) / 64, ~uint64_t{0});
  if (row_count % 64 != 0) all.back() = (uint64_t{1} << (row_count % 64)) - 1;
  NarrowByWords(holds, false, row_count, absl::MakeSpan(all));
  CHECK(all == expected);
}

TEST_CASE("words of ranges hold what each row says, at the ends of what numbers there are, too") {
  constexpr int32_t kLeast = std::numeric_limits<int32_t>::min();
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  const std::vector<int32_t> ends{kLeast, kLeast + 1, -7, -1, 0, 1, 7, kMost - 1, kMost};
  std::mt19937 random(5);
  std::vector<int32_t> values(5003);
  for (int32_t& value : values) value = ends[random() % ends.size()] ^ static_cast<int32_t>(random() % 2);
  for (const int32_t first : ends) {
    for (const int32_t last : ends) {
      if (first > last) continue;
      CAPTURE(first, last);
      CheckWords(InRange<int32_t>{values.data(), first, last}, values.size());
    }
  }
}

TEST_CASE("words of lengths hold what each row says") {
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
  std::mt19937 random(6);
  std::vector<uint64_t> offsets{uint64_t{1} << 40};
  for (size_t i = 0; i < 5003; ++i) offsets.push_back(offsets.back() + random() % 6);
  for (const auto& [first, last] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 0}, {1, kMost}, {2, 4}, {5, 5}, {6, kMost}, {-kMost - 1, kMost}, {-3, -1}, {3, 2}}) {
    CAPTURE(first, last);
    CheckWords(LengthInRange{offsets.data(), first, last}, offsets.size() - 1);
  }
}

TEST_CASE("words of areas hold what each row says") {
  constexpr int32_t kMost = std::numeric_limits<int32_t>::max();
  const std::vector<int32_t> sides{std::numeric_limits<int32_t>::min(), -3, 0, 1, 2, 3, 46'341, kMost};
  std::mt19937 random(7);
  std::vector<int32_t> widths(5003), heights(5003);
  std::vector<uint32_t> presence(5003);
  for (size_t i = 0; i < widths.size(); ++i) {
    widths[i] = sides[random() % sides.size()];
    heights[i] = sides[random() % sides.size()];
    presence[i] = static_cast<uint32_t>(random());
  }
  constexpr int64_t kMostArea = int64_t{kMost} * kMost;
  for (const uint32_t bits : {0u, 1u, 1u << 31 | 4u}) {
    for (const auto& [first, last] : std::vector<std::pair<int64_t, int64_t>>{
             {0, kMostArea}, {kMostArea, kMostArea}, {-9, 9}, {2, 3}, {4, 2}, {int64_t{1} << 31, int64_t{1} << 62}}) {
      CAPTURE(bits, first, last);
      CheckWords(AreaInRange{widths.data(), heights.data(), presence.data(), bits, first, last}, widths.size());
      CheckWords(AreaInRange{widths.data(), heights.data(), nullptr, bits, first, last}, widths.size());
    }
  }
}

}  // namespace
}  // namespace millrace
