// Where the keys of a plan's permutations come from (docs/plan-specification.md, "Keys").
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "core/base/digest.h"

namespace millrace {

// 256 bits that choose one permutation: the SHA-256 of whatever it belongs to.
using PermutationKey = Sha256Bytes;

// A key stretched to the words that the mixer takes.
inline constexpr int kRoundWordCount = 16;
using RoundWords = std::array<uint32_t, kRoundWordCount>;

// The key of what `label` names. Every field goes in with a fixed width or its length, so that no two choices share a
// key. Requires a label and a name of at most 255 bytes.
PermutationKey LabelledKey(std::string_view label, uint64_t seed, std::string_view name, uint64_t number);
// The key of part `number` of what `key` is for.
PermutationKey SubKey(const PermutationKey& key, uint64_t number);

// The key of the order in which the `exact` strategy deals the selection to the splits.
PermutationKey SelectionKey(uint64_t seed);
// The key of one epoch's order over one split. Requires a valid split name and epoch >= 0.
PermutationKey EpochKey(uint64_t seed, std::string_view split_name, int64_t epoch);

// The words for a permutation of `size` elements. The size is mixed in because sizes that are close share the
// construction's domain: with the same words their orders would be all but the same.
RoundWords ExpandKey(const PermutationKey& key, int64_t size);

}  // namespace millrace
