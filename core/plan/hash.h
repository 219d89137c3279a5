// Hashes and draws by number (docs/plan-specification.md, "hash, id_range" and "Draws"): which split a unit belongs to
// for ever, and what the i-th draw of an epoch is, without drawing those before it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "core/plan/key.h"
#include "core/plan/mix.h"

namespace millrace {

inline constexpr int kHashRoundCount = 6;
static_assert(2 * kHashRoundCount <= kRoundWordCount);

// For fixed words and kind a bijection of 64 bits, so that no two ids of a kind share a hash. Inline, because it is
// called for millions of ids in a row: the rounds of neighbours then overlap.
inline uint64_t Hash64(const RoundWords& words, uint32_t kind, uint64_t id) {
  constexpr uint32_t kKindFactor = 0x9e3779b9u;  // odd: no two kinds meet
  uint32_t a = static_cast<uint32_t>(id);
  uint32_t b = static_cast<uint32_t>(id >> 32) ^ kind * kKindFactor;
  for (size_t round = 0; round < kHashRoundCount; round += 2) {
    uint32_t h = KeyedMix(b, words[2 * round], words[2 * round + 1]);
    a ^= h ^ h >> 16;
    h = KeyedMix(a, words[2 * round + 2], words[2 * round + 3]);
    b ^= h ^ h >> 16;
  }
  return uint64_t{b} << 32 | a;
}

// The high half of a product of 64 bits each: `hash` scaled to [0, bound).
inline uint64_t ScaleTo(uint64_t hash, uint64_t bound) {
  return static_cast<uint64_t>(static_cast<unsigned __int128>(hash) * bound >> 64);
}

// What draw `number` of a kind gives, from 0 to bound - 1. Requires bound >= 1. A result's probability is off from
// 1 / bound by less than 2^-64: what large bounds are for, long stretches of results, nobody can tell from uniform.
inline uint64_t Below(const RoundWords& words, uint32_t kind, uint64_t number, uint64_t bound) {
  return ScaleTo(Hash64(words, kind, number), bound);
}

// numbers[i] = Below(words, kind, first + i, bound), faster than one by one.
void FillBelow(const RoundWords& words, uint32_t kind, uint64_t first, uint64_t bound, absl::Span<uint64_t> numbers);

}  // namespace millrace
