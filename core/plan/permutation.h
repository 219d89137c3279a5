// The order in which a set is visited: a keyed bijection on [0, size), specified in docs/plan-specification.md.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/base/digest.h"

namespace millrace {

// 256 bits that choose one permutation: the SHA-256 of whatever it belongs to.
using PermutationKey = Sha256Bytes;

// A pure function of (size, key). Immutable, so thread-safe. Memory does not grow with size.
class Permutation {
 public:
  static constexpr int64_t kSizeMax = int64_t{1} << 40;

  // Requires size in [1, kSizeMax]; otherwise kFieldInvalid.
  static absl::StatusOr<Permutation> Create(int64_t size, const PermutationKey& key);

  int64_t size() const { return size_; }
  // The element at `index`. Requires 0 <= index < size().
  int64_t At(int64_t index) const;
  // elements[i] = At(first + i), faster than one by one. Requires the range within [0, size()].
  void Fill(int64_t first, absl::Span<int64_t> elements) const;
  // elements[i] = At(elements[i]), in place.
  void Apply(absl::Span<int64_t> elements) const;

 private:
  Permutation() = default;
  int64_t size_ = 0;
  // The plan's owner completes this: round keys, domain sides, and the materialised table for small sizes.
};

}  // namespace millrace
