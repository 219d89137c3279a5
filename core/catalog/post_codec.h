// The packed values of a post's row: what has many parts but is only ever read whole.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/model/post.h"

namespace millrace {

// Each appends to `out`. Numbers are LEB128 varints; signed ones zigzag first. These bytes are stored in files:
// they never change.
//
// Ascending ids: the first, then the differences, which for tags mostly fit in two bytes.
void EncodeAscendingIds(absl::Span<const int64_t> ids, std::string* out);
// Ids in any order.
void EncodeIds(absl::Span<const int64_t> ids, std::string* out);
// Of each pool its id, the size of its kind, its kind.
void EncodePools(absl::Span<const Pool> pools, std::string* out);
// Of each text its size, then the text.
void EncodeTexts(absl::Span<const std::string> texts, std::string* out);

// Each replaces the contents of the output; false when the bytes are not what the encoder writes.
[[nodiscard]] bool DecodeAscendingIds(absl::Span<const uint8_t> bytes, std::vector<int64_t>* ids);
[[nodiscard]] bool DecodeIds(absl::Span<const uint8_t> bytes, std::vector<int64_t>* ids);
[[nodiscard]] bool DecodePools(absl::Span<const uint8_t> bytes, std::vector<Pool>* pools);
[[nodiscard]] bool DecodeTexts(absl::Span<const uint8_t> bytes, std::vector<std::string>* texts);

}  // namespace millrace
