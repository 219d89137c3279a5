// Hash64 of many ids at once.
#pragma once

#include <cstdint>

#include "absl/types/span.h"
#include "core/plan/key.h"

namespace millrace {

// hashes[i] = Hash64(words, kind, ids[i]), with the vector instructions that the machine has. Requires at least as many
// hashes as ids.
void HashIds(const RoundWords& words, uint32_t kind, absl::Span<const int64_t> ids, absl::Span<uint64_t> hashes);

}  // namespace millrace
