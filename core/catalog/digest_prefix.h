// Digests that people abbreviate.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace millrace {

inline constexpr size_t kDigestPrefixSizeMin = 8;

// kFieldInvalid about `field` unless the text is 8 to 64 lower-case hexadecimal digits.
absl::Status CheckDigestPrefix(std::string_view field, std::string_view prefix);

// The digests with the prefix are those from the prefix to this, exclusive.
std::string DigestPrefixEnd(std::string_view prefix);

// kPrefixAmbiguous: two digests, of `what` ("snapshots"), have the prefix.
absl::Status PrefixAmbiguousError(std::string_view what, std::string_view prefix, std::string_view first,
                                  std::string_view second);

}  // namespace millrace
