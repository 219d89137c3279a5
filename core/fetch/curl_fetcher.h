// The HttpFetcher of the server: curl, with every address judged before it is connected to.
#pragma once

#include <memory>

#include "core/fetch/curl_transfer.h"
#include "core/fetch/http_fetcher.h"
#include "core/fetch/resolver.h"

namespace millrace {

struct CurlFetcherOptions {
  bool allow_private = false;  // also addresses that IsPublicAddress refuses
  int redirect_count_max = 5;
  TransferLimits limits = {};
};

// Follows redirects itself: each is judged like the address that was asked for, https does not lead to http, and the
// user and password stay with the first origin. Names are resolved once for each request; if one of a name's addresses
// is refused, the name is. Thread-safe.
class CurlFetcher final : public HttpFetcher {
 public:
  CurlFetcher(const CurlFetcherOptions& options, std::unique_ptr<HostResolver> resolver);

  absl::StatusOr<HttpResponse> Get(const HttpRequest& request) override;

 private:
  absl::StatusOr<std::vector<IpAddress>> FindAddresses(const Url& url);

  const CurlFetcherOptions options_;
  const std::unique_ptr<HostResolver> resolver_;
};

}  // namespace millrace
