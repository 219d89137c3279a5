// Goal: the vector code gives what the portable code gives, and the domain is as tight as cycle walking needs.
// Method: both paths on the same values, for sizes that walk rarely and sizes that walk often; the domain's sides for
// many sizes.
#include "core/plan/feistel.h"

#include <random>
#include <vector>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("every path gives the same values") {
  if (BestFeistelPath() == FeistelPath::kPortable) {
    WARN("this machine has the portable path only; nothing to compare");
    return;
  }
  std::mt19937_64 random(30);
  for (int bits = 6; bits <= 40; ++bits) {
    const int64_t power = int64_t{1} << bits;
    for (const int64_t size : {power / 2 + 1, power / 2 + power / 4 + 1, power - 1, power}) {
      if (size < kFeistelSizeMin) continue;
      const Feistel feistel = MakeFeistel(size, ExpandKey(SelectionKey(random()), size));
      for (const size_t count : {size_t{1}, size_t{31}, size_t{32}, size_t{33}, size_t{64}, size_t{1000}}) {
        std::vector<int64_t> values(count);
        for (int64_t& value : values) value = static_cast<int64_t>(random() % static_cast<uint64_t>(size));
        std::vector<int64_t> portable = values;
        FeistelApply(feistel, FeistelPath::kPortable, absl::MakeSpan(portable));
        FeistelApply(feistel, BestFeistelPath(), absl::MakeSpan(values));
        REQUIRE(values == portable);
      }
    }
  }
}

TEST_CASE("the domain holds the size, is less than a row larger, and nearly square") {
  std::mt19937_64 random(31);
  for (int i = 0; i < 100000; ++i) {
    const int64_t size = kFeistelSizeMin + static_cast<int64_t>(random() >> (24 + random() % 34));
    const Feistel feistel = MakeFeistel(size, {});
    const int64_t row = int64_t{1} << feistel.low_bits;
    const int64_t domain = feistel.high_side * row;
    REQUIRE(domain >= size);
    REQUIRE(domain - size < row);
    REQUIRE(feistel.high_side >= row / 2);
    REQUIRE(feistel.high_side <= 2 * row);
    REQUIRE(feistel.high_side <= 1 << 20);
  }
}

}  // namespace
}  // namespace millrace
