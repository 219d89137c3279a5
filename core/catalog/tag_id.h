// The ids of tags whose source knows them by name only.
#pragma once

#include <cstdint>
#include <string_view>

namespace millrace {

// Sources' own ids lie below, derived ones from here on: the two never meet.
inline constexpr int64_t kDerivedTagIdMin = int64_t{1} << 62;

// kDerivedTagIdMin plus the lower 62 bits of XXH3 (64 bits, seed `attempt`) of the name: a function of the name alone,
// so that the same posts get the same ids, and their snapshot the same digest, in whatever order they are imported.
// Should two names meet (for a million tags, once in ten million datasets), the later one takes the next attempt.
int64_t DerivedTagId(std::string_view name, uint64_t attempt = 0);

}  // namespace millrace
