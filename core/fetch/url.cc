#include "core/fetch/url.h"

#include <curl/curl.h>

#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {
namespace {

constexpr size_t kUrlSizeBytesMax = 8192;

using Handle = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

// Empty: the URL has no such part.
std::string PartOf(CURLU* handle, CURLUPart part, unsigned flags) {
  char* text = nullptr;
  if (curl_url_get(handle, part, &text, flags) != CURLUE_OK) return std::string();
  std::string copy(text);
  curl_free(text);
  return copy;
}

absl::Status NotUrlError(std::string_view text, std::string_view why) {
  // Without a query, which may hold a key, and without a user and password, wherever they stand: this is no URL.
  text = text.substr(0, text.find('?'));
  const size_t at = text.rfind('@');
  std::string shown(text);
  if (at != std::string_view::npos) {
    const size_t scheme_end = text.find("://");
    const size_t begin = scheme_end < at ? scheme_end + 3 : 0;
    shown.erase(begin, at + 1 - begin);
  }
  return FieldError("address", absl::StrCat(QuoteForMessage(shown), " ", std::string(why)));
}

absl::Status Set(CURLU* handle, std::string_view text) {
  if (text.empty() || text.size() > kUrlSizeBytesMax) return NotUrlError(text, "is empty or longer than 8 KiB");
  const std::string terminated(text);
  if (terminated.find('\0') != std::string::npos) return NotUrlError("", "holds a NUL");
  const CURLUcode code = curl_url_set(handle, CURLUPART_URL, terminated.c_str(), 0);
  if (code != CURLUE_OK) {
    return NotUrlError(text, absl::StrCat("is no http or https URL (", curl_url_strerror(code), ")"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Url> UrlOf(CURLU* handle, std::string_view text) {
  Url url;
  url.scheme = PartOf(handle, CURLUPART_SCHEME, 0);
  if (url.scheme != "http" && url.scheme != "https") return NotUrlError(text, "is not of http or https");
  if (!PartOf(handle, CURLUPART_USER, 0).empty() || !PartOf(handle, CURLUPART_PASSWORD, 0).empty()) {
    return FieldError("address", "holds a user or password; give them apart from the address");
  }
  curl_url_set(handle, CURLUPART_FRAGMENT, nullptr, 0);
  url.host = absl::AsciiStrToLower(PartOf(handle, CURLUPART_HOST, 0));
  if (!url.host.empty() && url.host.front() == '[') {
    if (!PartOf(handle, CURLUPART_ZONEID, 0).empty()) return NotUrlError(text, "names a zone");
    url.host = url.host.substr(1, url.host.size() - 2);
  }
  if (url.host.empty()) return NotUrlError(text, "names no host");
  if (!absl::SimpleAtoi(PartOf(handle, CURLUPART_PORT, CURLU_DEFAULT_PORT), &url.port) || url.port == 0) {
    return NotUrlError(text, "names no port that there is");
  }
  url.path = PartOf(handle, CURLUPART_PATH, 0);
  url.text = PartOf(handle, CURLUPART_URL, 0);
  return url;
}

}  // namespace

std::string Url::Shown() const {
  const bool is_default = port == (scheme == "https" ? 443 : 80);
  const std::string shown_host = host.find(':') == std::string::npos ? host : absl::StrCat("[", host, "]");
  return absl::StrCat(scheme, "://", shown_host, is_default ? "" : absl::StrCat(":", port), path);
}

bool Url::HasSameOrigin(const Url& other) const {
  return scheme == other.scheme && host == other.host && port == other.port;
}

absl::StatusOr<Url> ParseUrl(std::string_view text) {
  const Handle handle(curl_url(), curl_url_cleanup);
  MILLRACE_RETURN_IF_ERROR(Set(handle.get(), text));
  return UrlOf(handle.get(), text);
}

absl::StatusOr<Url> ResolveUrl(const Url& base, std::string_view location) {
  const Handle handle(curl_url(), curl_url_cleanup);
  MILLRACE_RETURN_IF_ERROR(Set(handle.get(), base.text));
  MILLRACE_RETURN_IF_ERROR(Set(handle.get(), location));
  return UrlOf(handle.get(), location);
}

std::string EncodeForUrl(std::string_view text) {
  constexpr char kDigits[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '.' || c == '_' || c == '~') {
      encoded += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded += '%';
    encoded += kDigits[byte >> 4];
    encoded += kDigits[byte & 15];
  }
  return encoded;
}

}  // namespace millrace
