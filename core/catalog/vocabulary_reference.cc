#include "core/catalog/vocabulary_reference.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/catalog/digest_prefix.h"

namespace millrace {
namespace {

constexpr size_t kDigestSize = 64;

bool IsHex(std::string_view text) { return std::all_of(text.begin(), text.end(), absl::ascii_isxdigit); }

bool ReadsAsDigest(std::string_view text) { return text.size() >= kDigestPrefixSizeMin && IsHex(text); }

absl::StatusOr<int64_t> ParseVersion(std::string_view field, std::string_view reference, std::string_view text) {
  int64_t version = 0;
  const bool is_plain = !text.empty() && text[0] != '0' &&
                        std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (is_plain && absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &version)) return version;
  return FieldError(field, absl::StrCat(QuoteForMessage(reference),
                                        " does not end in a version: NAME@VERSION has a "
                                        "whole number from 1 behind the @"));
}

}  // namespace

absl::Status CheckVocabularyName(std::string_view field, std::string_view name) {
  if (name.empty()) return FieldError(field, "is required");
  if (!IsValidName(name) || name[0] < 'a' || name[0] > 'z') {
    return FieldError(field, absl::StrCat(QuoteForMessage(name),
                                          " is not a vocabulary's name: 1 to 64 of a-z, 0-9, '-', '_' and '.', "
                                          "starting with a letter"));
  }
  if (ReadsAsDigest(name)) {
    return FieldError(field, absl::StrCat(QuoteForMessage(name),
                                          " reads as the start of a digest, so nothing could be found by it: 8 or more "
                                          "of 0-9 and a-f need another letter, '-', '_' or '.' among them"));
  }
  return absl::OkStatus();
}

absl::StatusOr<VocabularyReference> ParseVocabularyReference(std::string_view field, std::string_view text) {
  VocabularyReference reference;
  if (ReadsAsDigest(text)) {
    if (text.size() > kDigestSize) {
      return FieldError(field, absl::StrCat(QuoteForMessage(text), " has more than the ", kDigestSize,
                                            " hexadecimal digits of a digest"));
    }
    reference.digest_prefix = absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
    return reference;
  }
  const size_t at = text.find('@');
  reference.name = std::string(text.substr(0, at));
  MILLRACE_RETURN_IF_ERROR(CheckVocabularyName(field, reference.name));
  if (at == std::string_view::npos) return reference;
  MILLRACE_ASSIGN_OR_RETURN(reference.version, ParseVersion(field, text, text.substr(at + 1)));
  return reference;
}

}  // namespace millrace
