// A vocabulary as the catalog keeps it: bytes that only this pair of functions reads.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/vocabulary/vocabulary.h"

namespace millrace {

std::string EncodeVocabulary(const Vocabulary& vocabulary);

// kCatalogDamaged for bytes that EncodeVocabulary did not give, or that are not of the vocabulary with this digest.
absl::StatusOr<Vocabulary> DecodeVocabulary(std::string_view bytes, std::string_view digest);

}  // namespace millrace
