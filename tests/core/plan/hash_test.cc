// Goal: a unit's hash and an epoch's draws are those of the specification, and look random whichever of their inputs
// counts upwards.
// Method: vectors computed from the specification's text by another program; the rounds undone; chi-square tests with
// fixed seeds at p > 0.001 of high bits, low bits, neighbours, seeds and kinds; avalanche of every input bit on every
// output bit. Every statistic is shown to fail with fewer rounds.
#include "core/plan/hash.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "core/base/text.h"
#include "tests/core/plan/chi_square.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr double kPMin = 0.001;
constexpr double kWeakPMax = 1e-9;

// A hash of (seed, kind, id).
using Hash = uint64_t (*)(uint64_t seed, uint32_t kind, uint64_t id);

RoundWords WordsOf(uint64_t seed) { return ExpandKey(LabelledKey("millrace.v1.hash", seed, "", 0), 0); }

// The last seed's words are kept: most tests stay with a seed.
const RoundWords& CachedWords(uint64_t seed) {
  thread_local uint64_t words_seed = 0;
  thread_local RoundWords words = WordsOf(0);
  if (seed != words_seed) words = WordsOf(words_seed = seed);
  return words;
}

uint64_t Real(uint64_t seed, uint32_t kind, uint64_t id) { return Hash64(CachedWords(seed), kind, id); }

// The first rounds only.
template <size_t kRoundCount>
uint64_t Weak(uint64_t seed, uint32_t kind, uint64_t id) {
  const RoundWords& words = CachedWords(seed);
  uint32_t a = static_cast<uint32_t>(id);
  uint32_t b = static_cast<uint32_t>(id >> 32) ^ kind * 0x9e3779b9u;
  for (size_t round = 0; round < kRoundCount; ++round) {
    uint32_t h = KeyedMix(round % 2 == 0 ? b : a, words[2 * round], words[2 * round + 1]);
    h ^= h >> 16;
    (round % 2 == 0 ? a : b) ^= h;
  }
  return uint64_t{b} << 32 | a;
}

uint64_t Unkeyed(uint64_t, uint32_t kind, uint64_t id) { return Real(0, kind, id); }
uint64_t SameForKinds(uint64_t seed, uint32_t, uint64_t id) { return Real(seed, 0, id); }

// Counters are too even where a random hash is not: that tells them apart as well.
double TwoSided(double p) { return 2 * std::min(p, 1 - p); }

// Which of 1,024 parts of the range neighbouring ids fall into.
double HighBitsP(Hash hash, uint64_t first_id) {
  std::vector<int64_t> counts(1024);
  for (uint64_t i = 0; i < 200000; ++i) ++counts[hash(1, 0, first_id + i) >> 54];
  return TwoSided(UniformityP(counts));
}

double LowBitsP(Hash hash, uint64_t first_id) {
  std::vector<int64_t> counts(1024);
  for (uint64_t i = 0; i < 200000; ++i) ++counts[hash(1, 0, first_id + i) & 1023];
  return TwoSided(UniformityP(counts));
}

// How far apart the inputs of two hashes are.
struct Step {
  uint64_t seed = 0;
  uint32_t kind = 0;
  uint64_t id = 0;
};
// Which of 32 x 32 parts of the range such two fall into.
double PairsP(Hash hash, uint64_t seed, Step step) {
  std::vector<int64_t> counts(32 * 32);
  for (uint64_t id = 0; id < 100000; ++id) {
    ++counts[(hash(seed, 0, id) >> 59) * 32 + (hash(seed + step.seed, step.kind, id + step.id) >> 59)];
  }
  return UniformityP(counts);
}

// Of one id, over many seeds.
double SeedsP(Hash hash, uint32_t kind, uint64_t id) {
  std::vector<int64_t> counts(100);
  for (uint64_t seed = 0; seed < 20000; ++seed) ++counts[ScaleTo(hash(seed, kind, id), counts.size())];
  return UniformityP(counts);
}

// The largest distance from one half, in standard deviations, of how often an output bit changes with an input bit.
double AvalancheDeviation(Hash hash, uint64_t seed) {
  constexpr int kSampleCount = 20000;
  double largest = 0;
  for (int in = 0; in < 64; ++in) {
    std::array<int64_t, 64> flips{};
    const uint64_t bit = uint64_t{1} << in;
    for (uint64_t i = 0; i < kSampleCount; ++i) {
      const uint64_t id = (i & ~(bit - 1)) << 1 | (i & (bit - 1));  // without the bit, so that no pair comes twice
      const uint64_t changed = hash(seed, 0, id) ^ hash(seed, 0, id | bit);
      for (size_t out = 0; out < 64; ++out) flips[out] += static_cast<int64_t>(changed >> out & 1);
    }
    for (const int64_t count : flips) {
      const double off = std::abs(static_cast<double>(count) - kSampleCount / 2.0);
      largest = std::max(largest, off / std::sqrt(kSampleCount / 4.0));
    }
  }
  return largest;
}
// Of 4,096 normal deviations, the largest is beyond this once in 2,000 tests.
constexpr double kDeviationMax = 5.3;

TEST_CASE("hashes and draws are those computed from the specification") {
  const RoundWords words = WordsOf(42);
  const uint64_t minus_one = static_cast<uint64_t>(int64_t{-1});
  CHECK(Hash64(words, 0, 0) == 0xa9388caaabd31795);
  CHECK(Hash64(words, 0, 1) == 0x154c3a7f833ccbbf);
  CHECK(Hash64(words, 1, 1) == 0x36fde492a4dbd1e6);
  CHECK(Hash64(words, 0, minus_one) == 0xc103db405d8178ef);
  CHECK(Hash64(words, 1, uint64_t{1} << 40) == 0x87cd18e666a16654);
  CHECK(Hash64(words, 0xffffffff, uint64_t{1} << 63) == 0xea75b698c7a03ed2);
  constexpr uint64_t kBoundMax = (uint64_t{1} << 63) - 1;
  CHECK(Below(words, 0, 0, kBoundMax) == 6096825327880342473);
  CHECK(Below(words, 0, minus_one, kBoundMax) == 6954100571871689846);
  CHECK(Below(words, 0, 0, 10) == 6);
  CHECK(Below(words, 0, 1, 10) == 0);
  CHECK(Below(words, 0, 1, 1) == 0);
}

TEST_CASE("draws in a row are those one by one") {
  const RoundWords words = WordsOf(7);
  for (const size_t count : {size_t{0}, size_t{1}, size_t{7}, size_t{256}}) {
    for (const uint64_t first : {uint64_t{0}, uint64_t{1000000007}, (uint64_t{1} << 40) - 300}) {
      std::vector<uint64_t> numbers(count);
      FillBelow(words, 3, first, 1000003, absl::MakeSpan(numbers));
      for (size_t i = 0; i < count; ++i) REQUIRE(numbers[i] == Below(words, 3, first + i, 1000003));
    }
  }
}

TEST_CASE("no two ids of a kind share a hash") {
  std::mt19937_64 random(40);
  const RoundWords words = WordsOf(random());
  for (int i = 0; i < 100000; ++i) {
    const uint64_t id = random() >> random() % 64;
    const uint32_t kind = static_cast<uint32_t>(random() % 3);
    const uint64_t hash = Hash64(words, kind, id);
    uint32_t a = static_cast<uint32_t>(hash);
    uint32_t b = static_cast<uint32_t>(hash >> 32);
    for (size_t round = kHashRoundCount; round-- > 0;) {
      uint32_t h = KeyedMix(round % 2 == 0 ? b : a, words[2 * round], words[2 * round + 1]);
      h ^= h >> 16;
      (round % 2 == 0 ? a : b) ^= h;
    }
    REQUIRE((uint64_t{b ^ kind * 0x9e3779b9u} << 32 | a) == id);
  }
}

TEST_CASE("hashes of neighbouring ids are uniform") {
  for (const uint64_t first_id : {uint64_t{0}, uint64_t{5000000}, uint64_t{1} << 32, ~uint64_t{0} - 100000}) {
    CAPTURE(first_id);
    CHECK(HighBitsP(Real, first_id) > kPMin);
    CHECK(LowBitsP(Real, first_id) > kPMin);
  }
  CHECK(HighBitsP(Weak<1>, 0) < kWeakPMax);
  CHECK(LowBitsP(Weak<1>, 0) < kWeakPMax);
}

TEST_CASE("a hash says nothing about that of another id, seed or kind") {
  for (const uint64_t seed : {uint64_t{0}, uint64_t{42}}) {
    for (const Step& step : {Step{.id = 1}, Step{.id = 2}, Step{.id = 64}, Step{.id = uint64_t{1} << 32},
                             Step{.kind = 1}, Step{.kind = 1, .id = 1}}) {
      CAPTURE(seed, step.kind, step.id);
      CHECK(PairsP(Real, seed, step) > kPMin);
    }
  }
  CHECK(PairsP(SameForKinds, 0, {.kind = 1}) < kWeakPMax);
  const RoundWords one = WordsOf(1), two = WordsOf(2);
  std::vector<int64_t> counts(32 * 32);
  for (uint64_t id = 0; id < 100000; ++id) ++counts[(Hash64(one, 0, id) >> 59) * 32 + (Hash64(two, 0, id) >> 59)];
  CHECK(UniformityP(counts) > kPMin);
}

TEST_CASE("over seeds, an id may fall anywhere") {
  for (const uint32_t kind : {0u, 1u}) {
    for (const uint64_t id : {uint64_t{0}, uint64_t{1}, uint64_t{3700000}, ~uint64_t{0}}) {
      CAPTURE(kind, id);
      CHECK(SeedsP(Real, kind, id) > kPMin);
    }
  }
  CHECK(SeedsP(Unkeyed, 0, 1) < kWeakPMax);
}

TEST_CASE("every bit of an id changes every bit of the hash half of the time") {
  for (const uint64_t seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    CHECK(AvalancheDeviation(Real, seed) < kDeviationMax);
  }
  CHECK(AvalancheDeviation(Weak<3>, 1) > 100);
}

}  // namespace
}  // namespace millrace
