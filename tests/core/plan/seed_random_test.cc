// Goal: the seed system's random numbers, bit for bit. Method: vectors that its own generator printed
// (tests/golden/seed_system.json); and that draws stay in range and shuffles lose nothing, whatever the numbers.
#include "core/plan/seed_random.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <limits>
#include <numeric>

#include "tests/core/plan/seed_golden.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("a seed's stream is the golden one in words of 32 and of 64 bits") {
  simdjson::dom::parser parser;
  size_t count = 0;
  for (const GoldenElement entry : LoadSeedGolden(&parser)["streams"].get_array()) {
    const uint64_t seed = GoldenU64(entry["seed"]);
    CAPTURE(seed);
    SeedRandom random(seed);
    std::vector<uint32_t> words(100'000);
    for (uint32_t& word : words) word = random.NextU32();
    CHECK(DigestOf<uint32_t>(words, 4) == std::string_view(entry["sha256"]));
    const std::vector<uint32_t> first_words = GoldenIntegers<uint32_t>(entry["u32"]);
    CHECK(std::equal(first_words.begin(), first_words.end(), words.begin()));
    for (const GoldenElement after : entry["u64_after"].get_array()) {
      SeedRandom wide(seed);
      for (int64_t i = 0; i < int64_t{after["words"]}; ++i) wide.NextU32();
      for (const GoldenElement expected : after["u64"].get_array()) {
        CHECK(wide.NextU64() == GoldenU64(expected));
        ++count;
      }
    }
  }
  CHECK(count == 4 * 7 * 3);
}

TEST_CASE("draws from a range are the golden ones and take as many words") {
  simdjson::dom::parser parser;
  size_t count = 0;
  for (const GoldenElement entry : LoadSeedGolden(&parser)["ranges"].get_array()) {
    const uint64_t low = GoldenU64(entry["low"]), high = GoldenU64(entry["high"]);
    CAPTURE(low, high);
    SeedRandom random(GoldenU64(entry["seed"]));
    for (const GoldenElement expected : entry["values"].get_array()) {
      const uint64_t value = int64_t{entry["bits"]} == 64
                                 ? random.UniformU64(low, high)
                                 : random.UniformU32(static_cast<uint32_t>(low), static_cast<uint32_t>(high));
      CHECK(value == GoldenU64(expected));
    }
    CHECK(random.NextU32() == int64_t{entry["next_u32"]});
    ++count;
  }
  CHECK(count == 21);
}

TEST_CASE("shuffles are the golden ones and take as many words") {
  simdjson::dom::parser parser;
  size_t count = 0;
  for (const GoldenElement entry : LoadSeedGolden(&parser)["shuffles"].get_array()) {
    const int64_t size = entry["size"];
    CAPTURE(size);
    SeedRandom random(GoldenU64(entry["seed"]));
    std::vector<uint32_t> elements(static_cast<size_t>(size));
    std::iota(elements.begin(), elements.end(), 0u);
    random.Shuffle(absl::MakeSpan(elements));
    if (GoldenElement listed; entry["elements"].get(listed) == simdjson::SUCCESS) {
      CHECK(elements == GoldenIntegers<uint32_t>(listed));
    } else {
      CHECK(DigestOf<uint32_t>(elements, 8) == std::string_view(entry["sha256"]));
    }
    CHECK(random.NextU32() == int64_t{entry["next_u32"]});
    ++count;
  }
  CHECK(count == 11);
}

TEST_CASE("a draw lies within its range at every width of the range") {
  SeedRandom random(7);
  for (int bits = 0; bits < 64; ++bits) {
    for (int i = 0; i < 50; ++i) {
      const uint64_t range = uint64_t{1} << bits | (random.NextU64() & ((uint64_t{1} << bits) - 1));
      const uint64_t low = random.NextU64() % (std::numeric_limits<uint64_t>::max() - range + 1);
      const uint64_t value = random.UniformU64(low, low + range);
      REQUIRE(value >= low);
      REQUIRE(value - low < range);
      uint64_t attempt;
      random.TryUniformU64(range, &attempt);
      REQUIRE(attempt < range);
      if (bits >= 32) continue;
      const uint32_t narrow_low = static_cast<uint32_t>(low % ((uint64_t{1} << 32) - range));
      const uint32_t narrow = random.UniformU32(narrow_low, narrow_low + static_cast<uint32_t>(range));
      REQUIRE(narrow >= narrow_low);
      REQUIRE(narrow - narrow_low < range);
    }
  }
}

TEST_CASE("every number of a small range is drawn about equally often") {
  // 6,000 draws of 6 numbers: 1,000 +- 29 each. One that is never drawn or twice as often is 30 deviations off.
  std::array<int, 6> wide = {}, narrow = {};
  SeedRandom random(42);
  for (int i = 0; i < 6000; ++i) {
    ++wide[random.UniformU64(10, 16) - 10];
    ++narrow[random.UniformU32(10, 16) - 10];
  }
  for (const int count : wide) CHECK(std::abs(count - 1000) < 150);
  for (const int count : narrow) CHECK(std::abs(count - 1000) < 150);
}

TEST_CASE("a copy goes on from the same place on its own") {
  SeedRandom random(3);
  for (int i = 0; i < 70; ++i) random.NextU32();
  SeedRandom copy = random;
  std::vector<uint64_t> expected, actual;
  for (int i = 0; i < 100; ++i) expected.push_back(random.NextU64());
  for (int i = 0; i < 100; ++i) actual.push_back(copy.NextU64());
  CHECK(actual == expected);
}

}  // namespace
}  // namespace millrace
