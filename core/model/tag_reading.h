// Which tags a post has, where its snapshot holds aliases and implications (docs/tags.md).
#pragma once

#include <cstdint>

namespace millrace {

// Same numbers as in the proto.
enum class TagReading : uint8_t {
  kAsSaid = 1,   // those that its source said
  kApplied = 2,  // aliases and implications applied
};

}  // namespace millrace
