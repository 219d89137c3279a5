// URLs, taken apart and put together by curl itself: what is checked is then what is fetched.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

// An http or https URL in normal form: "http://0x7f.1/" has the host "127.0.0.1".
struct Url {
  std::string text;    // the whole of it, without a fragment
  std::string scheme;  // "http" or "https"
  std::string host;    // lower case; an IPv6 address without its brackets
  int port = 0;
  std::string path;

  // "https://host:port/path": for messages and to tell origins apart; never the query, which may hold a key.
  std::string Shown() const;
  bool HasSameOrigin(const Url& other) const;
};

// kFieldInvalid (field "address") for what is no http or https URL, or one with user information, which would end up in
// logs.
absl::StatusOr<Url> ParseUrl(std::string_view text);

// Where a redirect from `base` to `location` leads. Errors as ParseUrl.
absl::StatusOr<Url> ResolveUrl(const Url& base, std::string_view location);

// Everything but letters, digits, '-', '.', '_' and '~' as %XX.
std::string EncodeForUrl(std::string_view text);

}  // namespace millrace
