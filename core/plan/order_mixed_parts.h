// What a mix is made of: each part's members and its cards in the deck.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

struct MixedPart {
  int64_t card_count = 0;  // in a deck
  int64_t member_count = 0;
  int64_t first_place = 0;  // of its members in the list of all of them
};

struct MixedParts {
  std::vector<MixedPart> parts;
  std::vector<uint32_t> members;  // part by part, ascending in each
  int64_t deck_size = 0;

  size_t memory_bytes() const {
    return sizeof(*this) + parts.capacity() * sizeof(MixedPart) + members.capacity() * sizeof(uint32_t);
  }
};

}  // namespace millrace
