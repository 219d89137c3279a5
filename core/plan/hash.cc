#include "core/plan/hash.h"

namespace millrace {

void FillBelow(const RoundWords& words, uint32_t kind, uint64_t first, uint64_t bound, absl::Span<uint64_t> numbers) {
  // A copy: the compiler then knows that the numbers written do not change the words.
  const RoundWords own_words = words;
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = Hash64(own_words, kind, first + i);
  for (uint64_t& number : numbers) number = ScaleTo(number, bound);
}

}  // namespace millrace
