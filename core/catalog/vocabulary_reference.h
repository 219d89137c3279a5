// How vocabularies are named.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

// One of the two: a digest or the start of one, or a name with or without a version.
struct VocabularyReference {
  std::string digest_prefix;  // lower case; empty: a name
  std::string name;
  int64_t version = 0;  // 0: the newest
};

// kFieldInvalid about `field` unless the text is 1 to 64 of a-z, 0-9, '.', '_' and '-', begins with a letter and does
// not read as the start of a digest: 8 or more of 0-9 and a-f and nothing else.
absl::Status CheckVocabularyName(std::string_view field, std::string_view name);

// NAME, NAME@VERSION, or 8 to 64 hexadecimal digits of a digest. As no name is made of such digits alone, a text is one
// or the other. kFieldInvalid about `field` for anything else.
absl::StatusOr<VocabularyReference> ParseVocabularyReference(std::string_view field, std::string_view text);

}  // namespace millrace
