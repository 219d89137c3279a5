// HTTP as a refresh needs it: one GET, whole answers, everything bounded. Narrow, so that the refresh engine is tested
// with a fake and another library could take curl's place.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

struct HttpRequest {
  std::string url;  // http or https, without user information
  // For HTTP basic authentication at the URL's own origin (scheme, host, port); never sent elsewhere. Empty: none.
  std::string user = {};
  std::string password = {};
  std::function<bool()> cancelled = {};  // asked now and then; may be empty
  // Called before a redirect is followed, with the host that it leads to; an error ends the request. May be empty.
  std::function<absl::Status(std::string_view host)> before_redirect = {};
};

// Any answer of the server, errors among them.
struct HttpResponse {
  int status_code = 0;
  std::string body;         // decompressed
  std::string retry_after;  // the header of that name; empty: absent
  std::string url = {};     // that answered, behind redirects; empty: the one that was asked for
};

// Thread-safe.
class HttpFetcher {
 public:
  virtual ~HttpFetcher() = default;

  // kFetchRefused: the address, or one that a redirect leads to, is not allowed. kFetchFailed: no whole answer came
  // (resolving, connecting, TLS, time, size, depth of redirects). kCancelled. kFieldInvalid: no URL. Messages show URLs
  // without their query: it may hold a key.
  virtual absl::StatusOr<HttpResponse> Get(const HttpRequest& request) = 0;
};

}  // namespace millrace
