#include "core/plan/permutation.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/plan/mix.h"

namespace millrace {
namespace {

// 32 bits for the `counter`-th draw, keyed by 256 bits. Four mixes, because here neighbouring counters must give
// unrelated draws at once, whereas the network goes through its mixer eight times.
uint32_t Draw(const RoundWords& words, uint32_t counter) {
  constexpr size_t kMixCount = 4;
  uint32_t h = counter;
  for (size_t i = 0; i < kMixCount; ++i) {
    h = KeyedMix(h, words[2 * i], words[2 * i + 1]);
    h ^= h >> 16;
  }
  return h;
}

// Fisher and Yates' shuffle. A draw is off from uniform by 2^-22 of its probability at most.
std::vector<uint16_t> ShuffledTable(int64_t size, const RoundWords& words) {
  std::vector<uint16_t> table(static_cast<size_t>(size));
  std::iota(table.begin(), table.end(), uint16_t{0});
  for (uint32_t i = static_cast<uint32_t>(size) - 1; i > 0; --i) {
    std::swap(table[i], table[ReduceTo(Draw(words, i), i + 1)]);
  }
  return table;
}

}  // namespace

absl::StatusOr<Permutation> Permutation::Create(int64_t size, const PermutationKey& key) {
  if (size < 1 || size > kSizeMax) {
    return FieldError("size", absl::StrCat("is ", size, "; a permutation has 1 to ", kSizeMax, " elements"));
  }
  Permutation permutation;
  permutation.size_ = size;
  const RoundWords words = ExpandKey(key, size);
  if (size <= kTableSizeMax) {
    permutation.table_ = ShuffledTable(size, words);
  } else {
    permutation.feistel_ = MakeFeistel(size, words);
  }
  return permutation;
}

int64_t Permutation::At(int64_t index) const {
  return table_.empty() ? FeistelAt(feistel_, index) : table_[static_cast<size_t>(index)];
}

int64_t Permutation::IndexOf(int64_t element) const {
  if (table_.empty()) return FeistelIndexOf(feistel_, element);
  // 2 KiB to look through at most, once in a while: not worth a second table.
  return std::find(table_.begin(), table_.end(), element) - table_.begin();
}

void Permutation::Fill(int64_t first, absl::Span<int64_t> elements) const {
  std::iota(elements.begin(), elements.end(), first);
  Apply(elements);
}

void Permutation::Apply(absl::Span<int64_t> elements) const {
  if (table_.empty()) {
    FeistelApply(feistel_, BestFeistelPath(), elements);
    return;
  }
  for (int64_t& element : elements) element = table_[static_cast<size_t>(element)];
}

}  // namespace millrace
