// The construction behind Permutation for all but small sizes: a Feistel network over [0, high_side) x [0, 2^low_bits),
// with cycle walking for the few values beyond the size (docs/plan-specification.md, "Large sizes";
// docs/decisions/0003-permutation.md says why this one).
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "core/plan/key.h"

namespace millrace {

inline constexpr int kFeistelRoundCount = 8;
static_assert(2 * kFeistelRoundCount == kRoundWordCount);

// The fewest values that the network is good for, by the tests: below, its halves are too small to mix.
inline constexpr int64_t kFeistelSizeMin = 64;

// high_side * 2^low_bits is at least `size` and less than size + 2^low_bits, and the sides differ by a factor of 2
// at most, so that a value walks with a probability of about 1 / sqrt(size) only.
struct Feistel {
  int64_t size = 0;
  uint32_t low_bits = 0;
  uint32_t high_side = 0;
  RoundWords words = {};
};

// Requires size in [kFeistelSizeMin, 2^40].
Feistel MakeFeistel(int64_t size, const RoundWords& words);

// The element at `index`. Requires 0 <= index < size.
int64_t FeistelAt(const Feistel& feistel, int64_t index);
// The index of `element`: the inverse, at the same cost. Requires 0 <= element < size.
int64_t FeistelIndexOf(const Feistel& feistel, int64_t element);

// How values are computed; every path gives the same ones.
enum class FeistelPath { kPortable, kAvx2 };

// The fastest path that this machine has.
FeistelPath BestFeistelPath();

// values[i] = FeistelAt(values[i]), in place. Requires a path that the machine has.
void FeistelApply(const Feistel& feistel, FeistelPath path, absl::Span<int64_t> values);

}  // namespace millrace
