// The random numbers of the seed system, so that `partitioned` plans can repeat experiments made with it
// (docs/plan-specification.md). No other plan uses them: they come one after the other, whereas Millrace's own
// orders are computed by index.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "absl/types/span.h"

namespace millrace {

// ChaCha with 8 rounds, seeded and read as the Rust crates rand 0.7.3 and rand_chacha 0.2.1 do it. Every draw
// takes words off one stream, so a program repeats another's numbers only by the same draws in the same order.
// The same on all machines. Not thread-safe; a copy goes on from the same place on its own.
class SeedRandom {
 public:
  explicit SeedRandom(uint64_t seed);

  uint32_t NextU32() {
    if (next_ == words_.size()) Refill();
    return words_[next_++];
  }
  // Two words, the lower half first, wherever in the stream they lie.
  uint64_t NextU64() {
    if (words_.size() - next_ >= 2) {
      next_ += 2;
      return uint64_t{words_[next_ - 1]} << 32 | words_[next_ - 2];
    }
    const uint64_t low = NextU32();
    return uint64_t{NextU32()} << 32 | low;
  }

  // An even draw from [low, high). Requires low < high. The two widths draw differently.
  uint32_t UniformU32(uint32_t low, uint32_t high);
  uint64_t UniformU64(uint64_t low, uint64_t high);
  // One attempt at UniformU64(0, bound): takes one number off the stream, and is false when that is refused; then
  // *value is of no use, but below `bound` all the same. For loops that must not branch on chance.
  bool TryUniformU64(uint64_t bound, uint64_t* value);

  // Puts the elements into random order.
  template <typename Element>
  void Shuffle(absl::Span<Element> elements) {
    for (size_t bound = elements.size(); bound > 1; --bound) std::swap(elements[bound - 1], elements[Below(bound)]);
  }

 private:
  // Four blocks, made at once; the stream does not show how many.
  static constexpr size_t kBufferWordCount = 64;

  void Refill();
  // An index below `bound`, narrow as long as that suffices.
  size_t Below(size_t bound) {
    return bound <= std::numeric_limits<uint32_t>::max() ? UniformU32(0, static_cast<uint32_t>(bound))
                                                         : static_cast<size_t>(UniformU64(0, bound));
  }

  std::array<uint32_t, 8> key_;
  uint64_t block_count_ = 0;  // made so far
  std::array<uint32_t, kBufferWordCount> words_;
  size_t next_ = kBufferWordCount;  // of words_
};

// The upper half of (random word) * (high - low) is an even draw only when some words are refused. The seed system
// accepts lower halves below the largest (high - low) * 2^k that fits: cheap to find, though up to half are refused.
inline uint32_t SeedRandom::UniformU32(uint32_t low, uint32_t high) {
  const uint32_t range = high - low;
  const uint32_t accepted_last = (range << std::countl_zero(range)) - 1;
  while (true) {
    const uint64_t product = uint64_t{NextU32()} * range;
    if (static_cast<uint32_t>(product) <= accepted_last) return low + static_cast<uint32_t>(product >> 32);
  }
}

inline bool SeedRandom::TryUniformU64(uint64_t bound, uint64_t* value) {
  const uint64_t accepted_last = (bound << std::countl_zero(bound)) - 1;
  const unsigned __int128 product = static_cast<unsigned __int128>(NextU64()) * bound;
  *value = static_cast<uint64_t>(product >> 64);
  return static_cast<uint64_t>(product) <= accepted_last;
}

inline uint64_t SeedRandom::UniformU64(uint64_t low, uint64_t high) {
  uint64_t value;
  while (!TryUniformU64(high - low, &value)) {
  }
  return low + value;
}

}  // namespace millrace
