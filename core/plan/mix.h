// The keyed mixer that every pseudo-random choice of a plan is made of (docs/plan-specification.md, "Mixer").
#pragma once

#include <cstdint>

namespace millrace {

inline constexpr uint32_t kMixFactor1 = 0x85ebca6bu;
inline constexpr uint32_t kMixFactor2 = 0xc2b2ae35u;

// For fixed words a bijection of 32 bits. The high bits of the result depend on every bit of `x`, the low ones
// on few: take high bits.
constexpr uint32_t KeyedMix(uint32_t x, uint32_t word0, uint32_t word1) {
  uint32_t h = (x ^ word0) * kMixFactor1;
  h ^= h >> 15;
  return (h + word1) * kMixFactor2;
}

// Maps 32 bits evenly to [0, side). Off from uniform by side / 2^32 of a value's probability at most.
constexpr uint32_t ReduceTo(uint32_t h, uint32_t side) {
  return static_cast<uint32_t>((static_cast<uint64_t>(h) * side) >> 32);
}

}  // namespace millrace
