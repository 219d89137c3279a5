#include "server/rpc/request.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr size_t kPrefixSizeMin = 8;
constexpr size_t kDigestSize = 64;

}  // namespace

absl::StatusOr<int64_t> PageLimit(int32_t page_size) {
  if (page_size < 0) return FieldError("page_size", "must not be negative; 0 means 100");
  return page_size == 0 ? kPageSizeDefault : std::min<int64_t>(page_size, kPageSizeMax);
}

absl::StatusOr<std::string> DigestReference(std::string_view field, std::string_view text) {
  if (text.empty()) return FieldError(field, "is required");
  const bool is_hex = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c); });
  if (!is_hex || text.size() < kPrefixSizeMin || text.size() > kDigestSize) {
    return FieldError(field, absl::StrCat(QuoteForMessage(text), " is not ", kPrefixSizeMin, " to ", kDigestSize,
                                          " hexadecimal digits"));
  }
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

absl::Status CheckName(std::string_view field, std::string_view name) {
  if (name.empty()) return FieldError(field, "is required");
  if (IsValidName(name)) return absl::OkStatus();
  return FieldError(field, absl::StrCat(QuoteForMessage(name),
                                        " is not a name: 1 to 64 of a-z, 0-9, '-', '_' and '.', starting with a "
                                        "letter or digit"));
}

absl::Status CheckEnum(std::string_view field, int value, bool (*known)(int)) {
  if (known(value)) return absl::OkStatus();
  return FieldError(field, absl::StrCat("this server knows no value ", value));
}

}  // namespace millrace
