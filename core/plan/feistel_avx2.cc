#include "core/plan/feistel_avx2.h"

#include <cstdlib>

#include "core/plan/mix.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

// Chosen at run time rather than by the build, so that one program runs everywhere; by hand rather than by
// target_clones, whose resolvers run before the sanitizers are ready.
#define MILLRACE_AVX2 __attribute__((target("avx2")))
#define MILLRACE_AVX2_INLINE __attribute__((target("avx2"), always_inline)) inline

namespace millrace {
namespace {

constexpr int kVectorCount = kFeistelBlock / 8;

// Eight lanes of 32 bits. Values 0 to 3 are in the even lanes and 4 to 7 in the odd ones: so they come out of
// 64-bit lanes, and go through the widening multiplication, without shuffles across the register.
struct Halves {
  __m256i high;
  __m256i low;
};

MILLRACE_AVX2_INLINE Halves Split(const int64_t* values, __m128i low_bits, __m256i low_mask) {
  const __m256i even = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values));
  const __m256i odd = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(values + 4));
  return {_mm256_or_si256(_mm256_srl_epi64(even, low_bits), _mm256_slli_epi64(_mm256_srl_epi64(odd, low_bits), 32)),
          _mm256_or_si256(_mm256_and_si256(even, low_mask), _mm256_slli_epi64(_mm256_and_si256(odd, low_mask), 32))};
}

// Stores eight values; returns lanes whose sign bit says "beyond the size".
MILLRACE_AVX2_INLINE __m256i Join(const Halves& halves, __m128i low_bits, __m256i last, int64_t* values) {
  const __m256i even_mask = _mm256_set1_epi64x(0xffffffff);
  const __m256i even = _mm256_or_si256(_mm256_sll_epi64(_mm256_and_si256(halves.high, even_mask), low_bits),
                                       _mm256_and_si256(halves.low, even_mask));
  const __m256i odd = _mm256_or_si256(_mm256_sll_epi64(_mm256_srli_epi64(halves.high, 32), low_bits),
                                      _mm256_srli_epi64(halves.low, 32));
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values), even);
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(values + 4), odd);
  return _mm256_or_si256(_mm256_sub_epi64(last, even), _mm256_sub_epi64(last, odd));
}

MILLRACE_AVX2_INLINE __m256i Mix(__m256i x, uint32_t word0, uint32_t word1) {
  const __m256i factor1 = _mm256_set1_epi32(static_cast<int>(kMixFactor1));
  const __m256i factor2 = _mm256_set1_epi32(static_cast<int>(kMixFactor2));
  __m256i h = _mm256_mullo_epi32(_mm256_xor_si256(x, _mm256_set1_epi32(static_cast<int>(word0))), factor1);
  h = _mm256_xor_si256(h, _mm256_srli_epi32(h, 15));
  return _mm256_mullo_epi32(_mm256_add_epi32(h, _mm256_set1_epi32(static_cast<int>(word1))), factor2);
}

MILLRACE_AVX2_INLINE __m256i Reduce(__m256i h, __m256i side) {
  const __m256i even = _mm256_mul_epu32(h, side);
  const __m256i odd = _mm256_mul_epu32(_mm256_srli_epi64(h, 32), side);
  return _mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa);
}

}  // namespace

bool CpuHasAvx2() { return __builtin_cpu_supports("avx2") != 0; }

MILLRACE_AVX2 bool FeistelPassAvx2(const Feistel& feistel, int64_t* values) {
  const __m128i low_bits = _mm_cvtsi32_si128(static_cast<int>(feistel.low_bits));
  const __m128i shift = _mm_cvtsi32_si128(static_cast<int>(32 - feistel.low_bits));
  const __m256i low_mask = _mm256_set1_epi64x((int64_t{1} << feistel.low_bits) - 1);
  const __m256i side = _mm256_set1_epi32(static_cast<int>(feistel.high_side));
  Halves halves[kVectorCount];
  for (int i = 0; i < kVectorCount; ++i) halves[i] = Split(values + 8 * i, low_bits, low_mask);
#pragma GCC unroll 8
  for (int round = 0; round < kFeistelRoundCount; round += 2) {
    const uint32_t* words = feistel.words.data() + 2 * round;
#pragma GCC unroll 4
    for (Halves& half : halves) {
      const __m256i sum = _mm256_add_epi32(half.high, Reduce(Mix(half.low, words[0], words[1]), side));
      half.high = _mm256_min_epu32(sum, _mm256_sub_epi32(sum, side));
    }
#pragma GCC unroll 4
    for (Halves& half : halves) {
      half.low = _mm256_xor_si256(half.low, _mm256_srl_epi32(Mix(half.high, words[2], words[3]), shift));
    }
  }
  const __m256i last = _mm256_set1_epi64x(feistel.size - 1);
  __m256i beyond = _mm256_setzero_si256();
  for (int i = 0; i < kVectorCount; ++i) {
    beyond = _mm256_or_si256(beyond, Join(halves[i], low_bits, last, values + 8 * i));
  }
  return _mm256_movemask_pd(_mm256_castsi256_pd(beyond)) == 0;
}

}  // namespace millrace

#else

namespace millrace {

bool CpuHasAvx2() { return false; }

bool FeistelPassAvx2(const Feistel&, int64_t*) { std::abort(); }

}  // namespace millrace

#endif
