// Goal: every (size, key) is a bijection of [0, size), whichever way it is asked for.
// Method: exhaustively for all sizes up to 2^13 and at and around every boundary up to 2^17 (all of them in the hidden
// test: core_plan_test "[.exhaustive]", some minutes); beyond, by an inverse written here independently, on millions of
// indices up to 2^40.
#include "core/plan/permutation.h"

#include <algorithm>
#include <numeric>
#include <random>
#include <vector>

#include "core/base/error.h"
#include "core/plan/mix.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

Permutation Make(int64_t size, uint64_t seed) { return Permutation::Create(size, SelectionKey(seed)).value(); }

bool IsBijection(const Permutation& permutation) {
  std::vector<int64_t> elements(static_cast<size_t>(permutation.size()));
  permutation.Fill(0, absl::MakeSpan(elements));
  std::vector<bool> seen(elements.size());
  for (const int64_t element : elements) {
    if (element < 0 || element >= permutation.size() || seen[static_cast<size_t>(element)]) return false;
    seen[static_cast<size_t>(element)] = true;
  }
  return true;
}

// Undoes one pass of the network: the rounds backwards.
int64_t Unpass(const Feistel& feistel, int64_t value) {
  const uint32_t side = feistel.high_side;
  uint32_t high = static_cast<uint32_t>(value >> feistel.low_bits);
  uint32_t low = static_cast<uint32_t>(value - (int64_t{high} << feistel.low_bits));
  for (int round = kFeistelRoundCount - 1; round >= 0; --round) {
    const uint32_t word0 = feistel.words[2 * round];
    const uint32_t word1 = feistel.words[2 * round + 1];
    if (round % 2 == 1) {
      low ^= KeyedMix(high, word0, word1) >> (32 - feistel.low_bits);
    } else {
      high = (high + side - ReduceTo(KeyedMix(low, word0, word1), side)) % side;
    }
  }
  return (int64_t{high} << feistel.low_bits) + low;
}

int64_t IndexOf(const Feistel& feistel, int64_t element) {
  do element = Unpass(feistel, element);
  while (element >= feistel.size);
  return element;
}

// Stretches of neighbours and scattered indices alike.
std::vector<int64_t> SomeIndices(int64_t size, size_t count, std::mt19937_64& random) {
  std::vector<int64_t> indices;
  while (indices.size() < count) {
    int64_t index = static_cast<int64_t>(random() % static_cast<uint64_t>(size));
    for (int i = 0; i < 100 && index < size; ++i) indices.push_back(index++);
    indices.push_back(static_cast<int64_t>(random() % static_cast<uint64_t>(size)));
  }
  return indices;
}

TEST_CASE("every size up to 2^13 is a bijection") {
  for (int64_t size = 1; size <= 1 << 13; ++size) {
    CAPTURE(size);
    REQUIRE(IsBijection(Make(size, static_cast<uint64_t>(size))));
  }
}

TEST_CASE("sizes at boundaries up to 2^17 and many between are bijections") {
  std::vector<int64_t> sizes;
  for (int64_t bits = 12; bits <= 17; ++bits) {
    for (int64_t off = -40; off <= 40; ++off) sizes.push_back((int64_t{1} << bits) + off);
    // One row of the domain more or less: the last row holds one value, or all of them.
    for (int64_t side = 64; side <= 320; side += 31) {
      for (int64_t off = -1; off <= 1; ++off) sizes.push_back((side << (bits / 2)) + off);
    }
  }
  for (int64_t size = 1 << 13; size <= 1 << 17; size += 997) sizes.push_back(size);
  for (const int64_t size : sizes) {
    for (const uint64_t seed : {1u, 2u}) {
      CAPTURE(size, seed);
      REQUIRE(IsBijection(Make(size, seed)));
    }
  }
}

TEST_CASE("every size up to 2^17 is a bijection", "[.exhaustive]") {
  for (int64_t size = 1; size <= 1 << 17; ++size) {
    CAPTURE(size);
    REQUIRE(IsBijection(Make(size, static_cast<uint64_t>(size) + 17)));
  }
}

TEST_CASE("large sizes up to 2^40 are undone by the inverse, and stay within the size") {
  std::mt19937_64 random(20);
  std::vector<int64_t> sizes;
  for (int bits = 17; bits <= 39; ++bits) {
    const int64_t power = int64_t{1} << bits;
    sizes.insert(sizes.end(), {power - 1, power, power + 1, power + static_cast<int64_t>(random() % power)});
  }
  sizes.insert(sizes.end(), {Permutation::kSizeMax - 1, Permutation::kSizeMax});
  for (const int64_t size : sizes) {
    const PermutationKey key = SelectionKey(random());
    const Permutation permutation = Permutation::Create(size, key).value();
    const Feistel feistel = MakeFeistel(size, ExpandKey(key, size));
    const std::vector<int64_t> indices = SomeIndices(size, 20000, random);
    std::vector<int64_t> elements = indices;
    permutation.Apply(absl::MakeSpan(elements));
    for (size_t i = 0; i < indices.size(); ++i) {
      if (elements[i] < 0 || elements[i] >= size) FAIL("size " << size << " index " << indices[i]);
      if (IndexOf(feistel, elements[i]) != indices[i]) FAIL("size " << size << " index " << indices[i]);
    }
  }
}

TEST_CASE("distinct indices of the largest size give distinct elements") {
  std::mt19937_64 random(21);
  std::vector<int64_t> indices = SomeIndices(Permutation::kSizeMax, 2000000, random);
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  const Permutation permutation = Make(Permutation::kSizeMax, 5);
  permutation.Apply(absl::MakeSpan(indices));
  std::sort(indices.begin(), indices.end());
  CHECK(std::adjacent_find(indices.begin(), indices.end()) == indices.end());
  CHECK(indices.front() >= 0);
  CHECK(indices.back() < Permutation::kSizeMax);
}

TEST_CASE("IndexOf undoes At, for every element of sizes up to 1,100 and of some up to 2^17") {
  std::vector<int64_t> sizes = {2048, 4097, 10000, 65536, 65537, 1 << 17};
  for (int64_t size = 1; size <= 1100; ++size) sizes.push_back(size);
  for (const int64_t size : sizes) {
    const Permutation permutation = Make(size, static_cast<uint64_t>(size) + 3);
    for (int64_t element = 0; element < size; ++element) {
      const int64_t index = permutation.IndexOf(element);
      if (index < 0 || index >= size || permutation.At(index) != element) {
        FAIL("size " << size << " element " << element << " index " << index);
      }
    }
  }
}

TEST_CASE("IndexOf undoes At for large sizes up to 2^40") {
  std::mt19937_64 random(23);
  for (int bits = 17; bits <= 40; ++bits) {
    for (int64_t size : {int64_t{1} << bits, (int64_t{1} << bits) - 1, (int64_t{1} << (bits - 1)) + 1}) {
      const Permutation permutation = Make(size, random());
      for (const int64_t index : SomeIndices(size, 5000, random)) {
        const int64_t element = permutation.At(index);
        if (permutation.IndexOf(element) != index) FAIL("size " << size << " index " << index);
      }
    }
  }
}

TEST_CASE("At, Fill and Apply agree, at every length and offset") {
  std::mt19937_64 random(22);
  for (const int64_t size :
       {int64_t{1}, int64_t{7}, int64_t{1024}, int64_t{1025}, int64_t{4161}, int64_t{1000003}, Permutation::kSizeMax}) {
    const Permutation permutation = Make(size, 9);
    for (size_t length = 0; length <= std::min<size_t>(130, static_cast<size_t>(size)); ++length) {
      const int64_t first = static_cast<int64_t>(random() % (static_cast<uint64_t>(size) - length + 1));
      std::vector<int64_t> filled(length);
      permutation.Fill(first, absl::MakeSpan(filled));
      std::vector<int64_t> applied(length);
      std::iota(applied.begin(), applied.end(), first);
      permutation.Apply(absl::MakeSpan(applied));
      REQUIRE(filled == applied);
      for (size_t i = 0; i < length; ++i) REQUIRE(filled[i] == permutation.At(first + static_cast<int64_t>(i)));
    }
  }
}

TEST_CASE("a size and a key of their own make an order of its own") {
  const auto order = [](int64_t size, uint64_t seed) {
    std::vector<int64_t> elements(100);
    Make(size, seed).Fill(0, absl::MakeSpan(elements));
    return elements;
  };
  for (const int64_t size : {int64_t{100}, int64_t{100000}}) {
    CHECK(order(size, 1) == order(size, 1));
    CHECK(order(size, 1) != order(size, 2));
  }
  // Neighbouring sizes share tables' draws and networks' domains, but must not share the order.
  for (const int64_t size : {int64_t{200}, int64_t{1000}, int64_t{100000}, int64_t{1} << 39}) {
    const std::vector<int64_t> one = order(size, 1);
    const std::vector<int64_t> other = order(size + 1, 1);
    int same_count = 0;
    for (size_t i = 0; i < one.size(); ++i) same_count += one[i] == other[i];
    CHECK(same_count <= 4);
  }
}

TEST_CASE("a size out of range is refused") {
  for (const int64_t size : {int64_t{0}, int64_t{-1}, Permutation::kSizeMax + 1}) {
    const absl::Status status = Permutation::Create(size, SelectionKey(0)).status();
    CHECK(ReasonOf(status) == Reason::kFieldInvalid);
    CHECK(FieldOf(status) == "size");
  }
}

}  // namespace
}  // namespace millrace
