// Goal: answers in words are those of the rows one by one, on every processor. Method: random numbers, every number of
// rows around a word's end.
#include "core/query/row_words.h"

#include <random>
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

}  // namespace
}  // namespace millrace
