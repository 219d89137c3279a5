// Tests of many rows at a time: 64 answers to a word.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "absl/types/span.h"
#include "core/snapshot/field_runs.h"

#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define MILLRACE_WORDS_AVX2 1
#endif

namespace millrace {

// Rows whose columns are tested at a time: of all columns that a query names, they fit into the processor's cache.
using snapshot_file::kRunRows;

// Asks for the line of 64 bytes that lies a run behind `place`. Columns take turns, run by run, and with each the
// processor's own prefetching begins anew; asked for a run ahead, a column is read while others are tested. Where
// there is no memory, nothing happens.
template <typename T>
[[gnu::always_inline]] inline void PrefetchNextRun(const T* place) {
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<uintptr_t>(place) + kRunRows * sizeof(T)), 0, 2);
}

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

// Both, without a branch.
[[gnu::always_inline]] inline bool Both(bool a, bool b) { return (static_cast<int>(a) & static_cast<int>(b)) != 0; }

// Whether values[i] lies from `first` to `last`; requires first <= last. Of 32 bits, and for the two below, words are
// made without answers in between where the processor can.
template <typename T>
struct InRange {
  const T* values = nullptr;
  T first = 0;
  T last = 0;
  [[gnu::always_inline]] bool operator()(size_t i) const { return Both(values[i] >= first, values[i] <= last); }
};
// Whether offsets[i + 1] - offsets[i] does, the length of a row's list.
struct LengthInRange {
  const uint64_t* offsets = nullptr;
  int64_t first = 0;
  int64_t last = 0;
  [[gnu::always_inline]] bool operator()(size_t i) const {
    const int64_t length = static_cast<int64_t>(offsets[i + 1] - offsets[i]);
    return Both(length >= first, length <= last);
  }
};

// Whether widths[i] * heights[i] lies from `first` to `last`, both sides are positive and presence[i] has all `bits`;
// where `presence` is null, all rows have them.
struct AreaInRange {
  const int32_t* widths = nullptr;
  const int32_t* heights = nullptr;
  const uint32_t* presence = nullptr;
  uint32_t bits = 0;
  int64_t first = 0;
  int64_t last = 0;
  [[gnu::always_inline]] bool operator()(size_t i) const {
    const int64_t area = int64_t{widths[i]} * heights[i];
    const bool is_positive = Both(widths[i] > 0, heights[i] > 0);
    const bool has_sides = Both(is_positive, presence == nullptr || (presence[i] & bits) == bits);
    return Both(has_sides, Both(area >= first, area <= last));
  }
};

// The same test of what is `first` behind.
template <typename Holds>
struct HoldsBehind {
  const Holds& holds;
  size_t first;
  [[gnu::always_inline]] bool operator()(size_t i) const { return holds(first + i); }
};
template <typename Holds>
HoldsBehind<Holds> Behind(const Holds& holds, size_t first) {
  return {holds, first};
}
template <typename T>
InRange<T> Behind(const InRange<T>& holds, size_t first) {
  return {holds.values + first, holds.first, holds.last};
}
inline LengthInRange Behind(const LengthInRange& holds, size_t first) {
  return {holds.offsets + first, holds.first, holds.last};
}
inline AreaInRange Behind(AreaInRange holds, size_t first) {
  holds.widths += first;
  holds.heights += first;
  if (holds.presence != nullptr) holds.presence += first;
  return holds;
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

[[gnu::target("avx2")]] inline __m256i Load(const void* place) {
  return _mm256_loadu_si256(static_cast<const __m256i*>(place));
}

[[gnu::target("avx2")]] inline void MakeWordsAvx2(const InRange<int32_t>& holds, absl::Span<uint64_t> words) {
  // In range is what is, as an unsigned number behind `first`, no more than the range's length.
  const __m256i first = _mm256_set1_epi32(holds.first);
  const __m256i length = _mm256_sub_epi32(_mm256_set1_epi32(holds.last), first);
  const int32_t* values = holds.values;
  for (uint64_t& word : words) {
    word = 0;
    for (size_t i = 0; i < 64; i += 16) PrefetchNextRun(values + i);
    for (size_t i = 0; i < 64; i += 8, values += 8) {
      const __m256i behind = _mm256_sub_epi32(Load(values), first);
      const __m256i answers = _mm256_cmpeq_epi32(_mm256_min_epu32(behind, length), behind);
      word |= uint64_t{static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(answers)))} << i;
    }
  }
}

[[gnu::target("avx2")]] inline void MakeWordsAvx2(const LengthInRange& holds, absl::Span<uint64_t> words) {
  const __m256i first = _mm256_set1_epi64x(holds.first);
  const __m256i last = _mm256_set1_epi64x(holds.last);
  const uint64_t* offsets = holds.offsets;
  for (uint64_t& word : words) {
    for (size_t i = 0; i < 64; i += 8) PrefetchNextRun(offsets + i);
    uint64_t outside = 0;
    for (size_t i = 0; i < 64; i += 4, offsets += 4) {
      const __m256i begin = Load(offsets);
      const __m256i end = Load(offsets + 1);
      const __m256i length = _mm256_sub_epi64(end, begin);
      const __m256i answers = _mm256_or_si256(_mm256_cmpgt_epi64(first, length), _mm256_cmpgt_epi64(length, last));
      outside |= uint64_t{static_cast<uint32_t>(_mm256_movemask_pd(_mm256_castsi256_pd(answers)))} << i;
    }
    word = ~outside;
  }
}

[[gnu::target("avx2")]] inline void MakeWordsAvx2(const AreaInRange& holds, absl::Span<uint64_t> words) {
  const __m256i zero = _mm256_setzero_si256();
  const __m256i bits = _mm256_set1_epi32(static_cast<int32_t>(holds.bits));
  const __m256i first = _mm256_set1_epi64x(holds.first);
  const __m256i last = _mm256_set1_epi64x(holds.last);
  size_t row = 0;
  for (uint64_t& word : words) {
    word = 0;
    for (size_t i = 0; i < 64; i += 8, row += 8) {
      const __m256i width = Load(holds.widths + row);
      const __m256i height = Load(holds.heights + row);
      __m256i has_area = _mm256_and_si256(_mm256_cmpgt_epi32(width, zero), _mm256_cmpgt_epi32(height, zero));
      if (holds.presence != nullptr) {
        const __m256i has_bits = _mm256_cmpeq_epi32(_mm256_and_si256(Load(holds.presence + row), bits), bits);
        has_area = _mm256_and_si256(has_area, has_bits);
      }
      // Areas of the rows with even places, and of those with odd ones; an answer fills both halves of its 64 bits.
      const __m256i even = _mm256_mul_epu32(width, height);
      const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(width, 32), _mm256_srli_epi64(height, 32));
      const __m256i even_outside = _mm256_or_si256(_mm256_cmpgt_epi64(first, even), _mm256_cmpgt_epi64(even, last));
      const __m256i odd_outside = _mm256_or_si256(_mm256_cmpgt_epi64(first, odd), _mm256_cmpgt_epi64(odd, last));
      const __m256i answers = _mm256_andnot_si256(_mm256_blend_epi32(even_outside, odd_outside, 0b10101010), has_area);
      word |= uint64_t{static_cast<uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(answers)))} << i;
    }
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
  for (size_t begin = 0; begin < whole; begin += kWordsAtATime) {
    const size_t count = std::min(kWordsAtATime, whole - begin);
    const absl::Span<uint64_t> narrowed = words.subspan(begin, count);
    if (std::all_of(narrowed.begin(), narrowed.end(), [](uint64_t word) { return word == 0; })) continue;
    MakeWords(Behind(holds, 64 * begin), absl::MakeSpan(held, count));
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
