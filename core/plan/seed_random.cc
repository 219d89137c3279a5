#include "core/plan/seed_random.h"

#include <algorithm>
#include <iterator>
#include <tuple>

namespace millrace {
namespace {

constexpr size_t kBlockWordCount = 16;
constexpr int kDoubleRoundCount = 4;

// "expand 32-byte k", as RFC 8439 has it.
constexpr std::array<uint32_t, 4> kChaChaConstants = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};

// One word of the state in each of the blocks that are being made: with the compiler's vectors, as loops over arrays
// take half as long again.
constexpr size_t kLaneCount = 4;
typedef uint32_t Lanes __attribute__((vector_size(kLaneCount * sizeof(uint32_t))));

Lanes RotateLeft(Lanes x, int count) { return x << count | x >> (32 - count); }

// RFC 8439, section 2.1.
void QuarterRound(Lanes& a, Lanes& b, Lanes& c, Lanes& d) {
  a += b;
  d = RotateLeft(d ^ a, 16);
  c += d;
  b = RotateLeft(b ^ c, 12);
  a += b;
  d = RotateLeft(d ^ a, 8);
  c += d;
  b = RotateLeft(b ^ c, 7);
}

// Columns, then diagonals.
void DoubleRound(Lanes (&x)[kBlockWordCount]) {
  QuarterRound(x[0], x[4], x[8], x[12]);
  QuarterRound(x[1], x[5], x[9], x[13]);
  QuarterRound(x[2], x[6], x[10], x[14]);
  QuarterRound(x[3], x[7], x[11], x[15]);
  QuarterRound(x[0], x[5], x[10], x[15]);
  QuarterRound(x[1], x[6], x[11], x[12]);
  QuarterRound(x[2], x[7], x[8], x[13]);
  QuarterRound(x[3], x[4], x[9], x[14]);
}

// The key of 256 bits that a seed stands for: eight steps of a linear congruential generator, each scrambled as in
// PCG32 (XSH RR).
std::array<uint32_t, 8> KeyOf(uint64_t seed) {
  std::array<uint32_t, 8> key;
  uint64_t state = seed;
  for (uint32_t& word : key) {
    state = state * 6364136223846793005u + 11634580027462260723u;
    word = std::rotr(static_cast<uint32_t>((state >> 18 ^ state) >> 27), static_cast<int>(state >> 59));
  }
  return key;
}

}  // namespace

SeedRandom::SeedRandom(uint64_t seed) : key_(KeyOf(seed)) {}

void SeedRandom::Refill() {
  static_assert(std::tuple_size_v<decltype(words_)> == kLaneCount * kBlockWordCount);
  // Words 14 and 15, RFC 8439's nonce, are the number of the stream: always 0.
  Lanes start[kBlockWordCount] = {};
  for (size_t i = 0; i < 4; ++i) start[i] += kChaChaConstants[i];
  for (size_t i = 0; i < key_.size(); ++i) start[4 + i] += key_[i];
  for (size_t lane = 0; lane < kLaneCount; ++lane, ++block_count_) {
    start[12][lane] = static_cast<uint32_t>(block_count_);
    start[13][lane] = static_cast<uint32_t>(block_count_ >> 32);
  }

  Lanes x[kBlockWordCount];
  std::copy(std::begin(start), std::end(start), std::begin(x));
  for (int i = 0; i < kDoubleRoundCount; ++i) DoubleRound(x);
  for (size_t i = 0; i < kBlockWordCount; ++i) {
    x[i] += start[i];
    for (size_t lane = 0; lane < kLaneCount; ++lane) words_[lane * kBlockWordCount + i] = x[i][lane];
  }
  next_ = 0;
}

}  // namespace millrace
