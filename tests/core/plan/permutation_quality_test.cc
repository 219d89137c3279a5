// Goal: no statistic that a trainer could notice tells the orders from random ones.
// Method: chi-square tests with fixed seeds at p > 0.001: all permutations of 3, 4 and 5 elements over seeds and
// over epochs, and of five elements of a large order; where an index goes; differences of neighbours at several
// distances; two epochs, two seeds, and (seed, epoch + 1) against (seed + 1, epoch) side by side. Every statistic is
// shown to fail on a weak order as well: too few rounds, no keys, a seed and an epoch that are added up, three bits of
// domain for five elements.
#include <array>
#include <cstdint>
#include <functional>
#include <vector>

#include "core/plan/mix.h"
#include "core/plan/permutation.h"
#include "tests/core/plan/chi_square.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr double kPMin = 0.001;
// What a weak order must fall below for its statistic to count as able to fail.
constexpr double kWeakPMax = 1e-9;

// elements[i] = the order's element at elements[i].
using Order = std::function<void(absl::Span<int64_t>)>;
using OrderFamily = std::function<Order(int64_t size, uint64_t seed, int64_t epoch)>;

Order Real(int64_t size, uint64_t seed, int64_t epoch) {
  return [permutation = Permutation::Create(size, EpochKey(seed, "train", epoch)).value()](
             absl::Span<int64_t> elements) { permutation.Apply(elements); };
}

// As the real one, but of `round_count` rounds.
OrderFamily FewRounds(int round_count) {
  return [round_count](int64_t size, uint64_t seed, int64_t epoch) {
    const Feistel feistel = MakeFeistel(size, ExpandKey(EpochKey(seed, "train", epoch), size));
    return [feistel, round_count](absl::Span<int64_t> elements) {
      for (int64_t& element : elements) {
        do {
          uint32_t high = static_cast<uint32_t>(element >> feistel.low_bits);
          uint32_t low = static_cast<uint32_t>(element) & ((1u << feistel.low_bits) - 1);
          for (int round = 0; round < round_count; ++round) {
            const uint32_t h =
                KeyedMix(round % 2 == 0 ? low : high, feistel.words[2 * round], feistel.words[2 * round + 1]);
            if (round % 2 == 0) {
              high = (high + ReduceTo(h, feistel.high_side)) % feistel.high_side;
            } else {
              low ^= h >> (32 - feistel.low_bits);
            }
          }
          element = (int64_t{high} << feistel.low_bits) + low;
        } while (element >= feistel.size);
      }
    };
  };
}

// Begins elsewhere with every key, and then goes on in sequence.
Order Rotation(int64_t size, uint64_t seed, int64_t epoch) {
  const int64_t start = ExpandKey(EpochKey(seed, "train", epoch), size)[0] % size;
  return [size, start](absl::Span<int64_t> elements) {
    for (int64_t& element : elements) element = (element + start) % size;
  };
}

Order WithoutKeys(int64_t size, uint64_t, int64_t) { return Real(size, 0, 0); }
Order SeedPlusEpoch(int64_t size, uint64_t seed, int64_t epoch) {
  return Real(size, seed + static_cast<uint64_t>(epoch), 0);
}

std::vector<int64_t> Elements(const Order& order, int64_t first, int64_t count, int64_t stride = 1) {
  std::vector<int64_t> elements(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) elements[static_cast<size_t>(i)] = first + i * stride;
  order(absl::MakeSpan(elements));
  return elements;
}

int64_t Factorial(int64_t n) { return n < 2 ? 1 : n * Factorial(n - 1); }

// The number of the permutation that sorts some different numbers: of each, how many later ones are smaller.
size_t PatternOf(absl::Span<const int64_t> numbers) {
  size_t pattern = 0;
  for (size_t i = 0; i < numbers.size(); ++i) {
    size_t smaller = 0;
    for (size_t j = i + 1; j < numbers.size(); ++j) smaller += numbers[j] < numbers[i];
    pattern = pattern * (numbers.size() - i) + smaller;
  }
  return pattern;
}

// Over many seeds, or over many epochs of one seed, every permutation of a few elements is as frequent as any other.
double AllPermutationsP(const OrderFamily& family, int64_t size, uint64_t first_seed) {
  std::vector<int64_t> counts(static_cast<size_t>(Factorial(size)));
  for (uint64_t i = 0; i < counts.size() * 300; ++i) {
    ++counts[PatternOf(Elements(family(size, first_seed + i, 0), 0, size))];
  }
  return UniformityP(counts);
}
double AllPermutationsOfEpochsP(const OrderFamily& family, int64_t size, uint64_t seed) {
  std::vector<int64_t> counts(static_cast<size_t>(Factorial(size)));
  for (size_t epoch = 0; epoch < counts.size() * 300; ++epoch) {
    ++counts[PatternOf(Elements(family(size, seed, static_cast<int64_t>(epoch)), 0, size))];
  }
  return UniformityP(counts);
}

// Within one large order, five elements at equal distances stand in every order of size equally often.
double PatternsP(const OrderFamily& family, int64_t size, int64_t distance) {
  std::vector<int64_t> counts(120);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const Order order = family(size, seed, 0);
    for (int64_t first = 0; first + 5 * distance <= size && first < 5000 * 5 * distance; first += 5 * distance) {
      ++counts[PatternOf(Elements(order, first, 5, distance))];
    }
  }
  return UniformityP(counts);
}

// Over many seeds, an index is as likely to go to one part of the range as to any other, wherever it stands.
double PositionsP(const OrderFamily& family, int64_t size) {
  constexpr int64_t kPartCount = 32;
  const int64_t used_size = size / kPartCount * kPartCount;  // cells of equal probability need equal parts
  std::vector<int64_t> counts(kPartCount * kPartCount);
  for (uint64_t seed = 0; seed < 400; ++seed) {
    const std::vector<int64_t> elements = Elements(family(size, seed, 0), 0, used_size);
    for (int64_t i = 0; i < used_size; ++i) {
      const int64_t element = elements[static_cast<size_t>(i)];
      if (element >= used_size) continue;
      ++counts[static_cast<size_t>(i * kPartCount / used_size * kPartCount + element * kPartCount / used_size)];
    }
  }
  return UniformityP(counts, (kPartCount - 1) * (kPartCount - 1));
}

// Over many seeds, the element at one index is any.
double FirstElementP(const OrderFamily& family, int64_t size, int64_t index) {
  constexpr int64_t kPartCount = 50;
  std::vector<int64_t> counts(kPartCount);
  for (uint64_t seed = 0; seed < 20000; ++seed) {
    ++counts[static_cast<size_t>(Elements(family(size, seed, 0), index, 1)[0] * kPartCount / size)];
  }
  return UniformityP(counts);
}

// The difference between elements at a distance, modulo the size, takes every value but 0 equally often. Sizes are
// such that the cells are equal: size - 1 is a multiple of their number.
double DifferencesP(const OrderFamily& family, int64_t size, int64_t distance, uint64_t seed_count) {
  constexpr int64_t kCellCount = 64;
  std::vector<int64_t> counts(kCellCount);
  for (uint64_t seed = 0; seed < seed_count; ++seed) {
    const std::vector<int64_t> elements = Elements(family(size, seed, 0), 0, size);
    for (size_t i = 0, j = static_cast<size_t>(distance); j < elements.size(); ++i, ++j) {
      const int64_t difference = (elements[j] - elements[i] + size) % size;
      ++counts[static_cast<size_t>((difference - 1) * kCellCount / (size - 1))];
    }
  }
  return UniformityP(counts);
}

struct EpochPair {
  uint64_t seed_off;
  int64_t first_epoch;
  int64_t other_epoch;
};
constexpr EpochPair kEpochPairs[] = {{0, 0, 1}, {1, 0, 0}, {1, 1, 0}};

// Where an index goes in one order says nothing about where it goes in the other.
double CorrelationP(const OrderFamily& family, int64_t size, const EpochPair& pair) {
  constexpr int64_t kPartCount = 16;
  const int64_t part_size = size / kPartCount;
  std::vector<int64_t> counts(kPartCount * kPartCount);
  for (uint64_t seed = 100; seed < 130; ++seed) {
    const std::vector<int64_t> first = Elements(family(size, seed, pair.first_epoch), 0, size);
    const std::vector<int64_t> other = Elements(family(size, seed + pair.seed_off, pair.other_epoch), 0, size);
    for (size_t i = 0; i < first.size(); ++i) {
      ++counts[static_cast<size_t>(first[i] / part_size * kPartCount + other[i] / part_size)];
    }
  }
  return UniformityP(counts, (kPartCount - 1) * (kPartCount - 1));
}

constexpr int64_t kDifferenceSizes[] = {961, 1025, 4161, 12801, 262145};

TEST_CASE("all permutations of 3, 4 and 5 elements are equally frequent") {
  for (const int64_t size : {3, 4, 5}) {
    for (const uint64_t first_seed : {uint64_t{0}, uint64_t{1} << 20, uint64_t{1} << 40, ~uint64_t{0} >> 1}) {
      CAPTURE(size, first_seed);
      CHECK(AllPermutationsP(Real, size, first_seed) > kPMin);
    }
  }
}

TEST_CASE("all permutations of 4 and 5 elements are equally frequent among the epochs of a seed") {
  for (const uint64_t seed : {uint64_t{0}, uint64_t{42}, ~uint64_t{0}}) {
    CAPTURE(seed);
    CHECK(AllPermutationsOfEpochsP(Real, 4, seed) > kPMin);
    CHECK(AllPermutationsOfEpochsP(Real, 5, seed) > kPMin);
  }
}

TEST_CASE("five elements of a large order stand in any order of size") {
  for (const int64_t size : {1000, 1025, 100000, 1000000}) {
    for (const int64_t distance : {int64_t{1}, int64_t{1} << MakeFeistel(size, {}).low_bits}) {
      CAPTURE(size, distance);
      CHECK(PatternsP(Real, size, distance) > kPMin);
    }
  }
}

TEST_CASE("an index goes anywhere") {
  for (const int64_t size : {64, 1000, 1024, 1025, 2048, 5000}) {
    CAPTURE(size);
    CHECK(PositionsP(Real, size) > kPMin);
  }
  for (const int64_t size : {50, 1000, 1100, 100000, 10000000}) {
    for (const int64_t index : {int64_t{0}, int64_t{1}, size / 2, size - 1}) {
      CAPTURE(size, index);
      CHECK(FirstElementP(Real, size, index) > kPMin);
    }
  }
}

TEST_CASE("differences between neighbours are uniform at every distance") {
  for (const int64_t size : kDifferenceSizes) {
    const uint64_t seed_count = size > 100000 ? 8 : 100;
    // A whole row apart the low halves are the same, which is where a weak network shows.
    const int64_t row = int64_t{1} << MakeFeistel(size, {}).low_bits;
    for (const int64_t distance : {int64_t{1}, int64_t{2}, int64_t{3}, int64_t{64}, row / 2, row, 2 * row}) {
      CAPTURE(size, distance);
      CHECK(DifferencesP(Real, size, distance, seed_count) > kPMin);
    }
  }
}

TEST_CASE("orders of other epochs and seeds are unrelated") {
  for (const int64_t size : {1024, 16384, 65536, 1000000}) {
    for (const EpochPair& pair : kEpochPairs) {
      CAPTURE(size, pair.seed_off, pair.first_epoch, pair.other_epoch);
      CHECK(CorrelationP(Real, size, pair) > kPMin);
    }
  }
}

TEST_CASE("the statistics fail on weak orders") {
  CHECK(AllPermutationsP(Rotation, 4, 0) < kWeakPMax);
  // The network itself on a tiny domain is why small sizes have tables.
  CHECK(AllPermutationsP(FewRounds(4), 5, 0) < kWeakPMax);
  CHECK(AllPermutationsOfEpochsP(WithoutKeys, 5, 0) < kWeakPMax);
  CHECK(AllPermutationsOfEpochsP(Rotation, 5, 0) < kWeakPMax);
  CHECK(PatternsP(Rotation, 100000, 1) < kWeakPMax);
  CHECK(PatternsP(FewRounds(2), 100000, 256) < kWeakPMax);
  CHECK(PositionsP(WithoutKeys, 1025) < kWeakPMax);
  CHECK(PositionsP(FewRounds(1), 1025) < kWeakPMax);
  CHECK(FirstElementP(WithoutKeys, 1100, 0) < kWeakPMax);
  for (const int64_t size : kDifferenceSizes) {
    const int64_t row = int64_t{1} << MakeFeistel(size, {}).low_bits;
    CAPTURE(size);
    CHECK(DifferencesP(Rotation, size, 1, 8) < kWeakPMax);
    CHECK(DifferencesP(FewRounds(2), size, row, 8) < kWeakPMax);
  }
  CHECK(DifferencesP(FewRounds(3), 1025, 32, 100) < kWeakPMax);
  CHECK(DifferencesP(FewRounds(4), 1025, 32, 100) < kWeakPMax);
  for (const EpochPair& pair : kEpochPairs) CHECK(CorrelationP(WithoutKeys, 1024, pair) < kWeakPMax);
  CHECK(CorrelationP(SeedPlusEpoch, 16384, {1, 1, 0}) < kWeakPMax);
}

}  // namespace
}  // namespace millrace
