#include "core/catalog/digest_prefix.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr size_t kDigestSize = 64;

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); }

}  // namespace

absl::Status CheckDigestPrefix(std::string_view field, std::string_view prefix) {
  if (prefix.size() >= kDigestPrefixSizeMin && prefix.size() <= kDigestSize &&
      std::all_of(prefix.begin(), prefix.end(), IsHexDigit)) {
    return absl::OkStatus();
  }
  return FieldError(field, absl::StrCat(QuoteForMessage(prefix), " is not a digest or the start of one: ",
                                        kDigestPrefixSizeMin, " to ", kDigestSize, " lower-case hexadecimal digits"));
}

// 'g' sorts behind every hexadecimal digit.
std::string DigestPrefixEnd(std::string_view prefix) { return std::string(prefix) + 'g'; }

absl::Status PrefixAmbiguousError(std::string_view what, std::string_view prefix, std::string_view first,
                                  std::string_view second) {
  return MakeError(Reason::kPrefixAmbiguous,
                   absl::StrCat("several ", std::string(what), " begin with ", std::string(prefix), ": ",
                                std::string(first), ", ", std::string(second), ". Give more digits."));
}

}  // namespace millrace
