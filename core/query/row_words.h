// Tests of many rows at a time: 64 answers to a word.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define MILLRACE_WORDS_AVX2 1
#endif

namespace millrace {

// `holds(i)` is a bool from a few comparisons without branches, as the compiler makes vectors of; it must be inlined.
// The answers for i from `first` to first + 63, the first in the lowest bit.
template <typename Holds>
[[gnu::always_inline]] inline uint64_t WordOf(const Holds& holds, size_t first) {
  uint8_t answers[64];
  for (size_t i = 0; i < 64; ++i) answers[i] = static_cast<uint8_t>(holds(first + i));
  uint64_t word = 0;
  for (size_t group = 0; group < 8; ++group) {
    uint64_t eight;
    std::memcpy(&eight, answers + 8 * group, sizeof eight);
    // Puts the lowest bits of the eight bytes side by side into the highest byte; no two products meet.
    word |= ((eight * 0x0102040810204080) >> 56) << (8 * group);
  }
  return word;
}

// words[w] = the answers for i from 64 * w on.
template <typename Holds>
void MakeWordsAnywhere(const Holds& holds, absl::Span<uint64_t> words) {
  for (size_t w = 0; w < words.size(); ++w) words[w] = WordOf(holds, 64 * w);
}

#ifdef MILLRACE_WORDS_AVX2
// As core/plan/feistel_avx2.cc: chosen at run time, and by hand.
template <typename Holds>
[[gnu::target("avx2")]] void MakeWordsAvx2(const Holds& holds, absl::Span<uint64_t> words) {
  for (size_t w = 0; w < words.size(); ++w) {
    alignas(32) uint8_t answers[64];
    for (size_t i = 0; i < 64; ++i) answers[i] = static_cast<uint8_t>(holds(64 * w + i));
    const __m256i low = _mm256_load_si256(reinterpret_cast<const __m256i*>(answers));
    const __m256i high = _mm256_load_si256(reinterpret_cast<const __m256i*>(answers + 32));
    // The lowest bit of each byte becomes its highest.
    const auto low_bits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(low, 7)));
    const auto high_bits = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_slli_epi16(high, 7)));
    words[w] = uint64_t{high_bits} << 32 | low_bits;
  }
}
#endif

template <typename Holds>
void MakeWords(const Holds& holds, absl::Span<uint64_t> words) {
#ifdef MILLRACE_WORDS_AVX2
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx2) return MakeWordsAvx2(holds, words);
#endif
  MakeWordsAnywhere(holds, words);
}

// Takes the rows that do not hold (with `is_negated`: that do) out of `words`, bit i of words[w] being row 64 * w + i.
// Requires bits of rows below row_count only. Asks for many rows whose bits are not set, too.
template <typename Holds>
void NarrowByWords(const Holds& holds, bool is_negated, size_t row_count, absl::Span<uint64_t> words) {
  constexpr size_t kWordsAtATime = 32;
  uint64_t held[kWordsAtATime];
  const uint64_t flipped = is_negated ? ~uint64_t{0} : 0;
  const size_t whole = row_count / 64;
  struct Behind {
    const Holds& holds;
    size_t first;
    [[gnu::always_inline]] bool operator()(size_t i) const { return holds(first + i); }
  };
  for (size_t begin = 0; begin < whole; begin += kWordsAtATime) {
    const size_t count = std::min(kWordsAtATime, whole - begin);
    const absl::Span<uint64_t> narrowed = words.subspan(begin, count);
    if (std::all_of(narrowed.begin(), narrowed.end(), [](uint64_t word) { return word == 0; })) continue;
    MakeWords(Behind{holds, 64 * begin}, absl::MakeSpan(held, count));
    for (size_t w = 0; w < count; ++w) narrowed[w] &= held[w] ^ flipped;
  }
  if (whole * 64 == row_count) return;
  uint64_t rest = 0;
  for (size_t i = 64 * whole; i < row_count; ++i) rest |= uint64_t{holds(i)} << (i % 64);
  words[whole] &= rest ^ flipped;
}

// The same for tests that are worth avoiding: asks for those rows only whose bits are set.
template <typename Holds>
void NarrowByBits(const Holds& holds, bool is_negated, absl::Span<uint64_t> words) {
  for (size_t w = 0; w < words.size(); ++w) {
    for (uint64_t left = words[w]; left != 0; left &= left - 1) {
      if (holds(64 * w + static_cast<size_t>(std::countr_zero(left))) == is_negated) words[w] &= ~(left & (~left + 1));
    }
  }
}

}  // namespace millrace
