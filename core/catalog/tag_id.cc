#include "core/catalog/tag_id.h"

#include <xxhash.h>

namespace millrace {

int64_t DerivedTagId(std::string_view name, uint64_t attempt) {
  const uint64_t hash = XXH3_64bits_withSeed(name.data(), name.size(), attempt);
  return kDerivedTagIdMin + static_cast<int64_t>(hash & (static_cast<uint64_t>(kDerivedTagIdMin) - 1));
}

}  // namespace millrace
