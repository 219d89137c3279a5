// The order in which a set is visited: a keyed bijection on [0, size), specified in docs/plan-specification.md.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/plan/feistel.h"
#include "core/plan/key.h"

namespace millrace {

// A pure function of (size, key). Immutable, so thread-safe. Memory does not grow with size beyond the 2 KiB of
// the largest table.
class Permutation {
 public:
  static constexpr int64_t kSizeMax = int64_t{1} << 40;
  // Up to here the order is a table made when the permutation is; beyond, it is computed per index.
  static constexpr int64_t kTableSizeMax = 1024;

  // Requires size in [1, kSizeMax]; otherwise kFieldInvalid.
  static absl::StatusOr<Permutation> Create(int64_t size, const PermutationKey& key);

  int64_t size() const { return size_; }
  // The element at `index`. Requires 0 <= index < size().
  int64_t At(int64_t index) const;
  // Where an element stands: At(IndexOf(element)) == element. Requires 0 <= element < size().
  int64_t IndexOf(int64_t element) const;
  // elements[i] = At(first + i), faster than one by one. Requires the range within [0, size()].
  void Fill(int64_t first, absl::Span<int64_t> elements) const;
  // elements[i] = At(elements[i]), in place.
  void Apply(absl::Span<int64_t> elements) const;

 private:
  Permutation() = default;

  int64_t size_ = 0;
  std::vector<uint16_t> table_;  // empty for a large size
  Feistel feistel_;              // unused for a small one
};

}  // namespace millrace
