#include "core/fetch/curl_fetcher.h"

#include <curl/curl.h>

#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

bool IsRedirect(const TransferResult& result) {
  switch (result.status_code) {
    case 301:
    case 302:
    case 303:
    case 307:
    case 308:
      return !result.location.empty();
    default:
      return false;
  }
}

absl::StatusOr<Url> FollowRedirect(const Url& from, const std::string& location) {
  const absl::StatusOr<Url> to = ResolveUrl(from, location);
  if (!to.ok()) {
    return MakeError(Reason::kFetchRefused,
                     absl::StrCat(from.Shown(), " redirects to what is not fetched: ", to.status().message()));
  }
  if (from.scheme == "https" && to->scheme == "http") {
    return MakeError(Reason::kFetchRefused, absl::StrCat(from.Shown(), " redirects from https to ", to->Shown(),
                                                         ", where others could read and change what is sent"));
  }
  return to;
}

// The error of an address that nobody named but who redirects to it.
absl::Status Redirected(const absl::Status& error, const Url& origin) {
  return MakeError(ReasonOf(error), absl::StrCat(error.message(), " (redirected to from ", origin.Shown(), ")"),
                   MetadataOf(error));
}

}  // namespace

CurlFetcher::CurlFetcher(const CurlFetcherOptions& options, std::unique_ptr<HostResolver> resolver)
    : options_(options), resolver_(std::move(resolver)) {
  // Once for the process, before any thread uses curl; it is never undone.
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

absl::StatusOr<std::vector<IpAddress>> CurlFetcher::FindAddresses(const Url& url) {
  MILLRACE_ASSIGN_OR_RETURN(std::vector<IpAddress> addresses, resolver_->Resolve(url.host));
  if (options_.allow_private) return addresses;
  for (const IpAddress& address : addresses) {
    if (IsPublicAddress(address)) continue;
    return MakeError(Reason::kFetchRefused,
                     absl::StrCat(url.Shown(), " is at ", address.ToString(),
                                  ", which is no address of the public internet. Name another, or start the server "
                                  "with --fetch-allow-private if it is meant to reach this network."));
  }
  return addresses;
}

absl::StatusOr<HttpResponse> CurlFetcher::Get(const HttpRequest& request) {
  TransferRequest transfer;
  MILLRACE_ASSIGN_OR_RETURN(transfer.url, ParseUrl(request.url));
  transfer.limits = options_.limits;
  transfer.cancelled = request.cancelled;
  const Url origin = transfer.url;
  for (int redirect_count = 0; redirect_count <= options_.redirect_count_max; ++redirect_count) {
    if (redirect_count > 0 && request.before_redirect) {
      MILLRACE_RETURN_IF_ERROR(request.before_redirect(transfer.url.host));
    }
    absl::StatusOr<std::vector<IpAddress>> addresses = FindAddresses(transfer.url);
    if (!addresses.ok()) return redirect_count == 0 ? addresses.status() : Redirected(addresses.status(), origin);
    transfer.addresses = *std::move(addresses);
    const bool is_origin = transfer.url.HasSameOrigin(origin);
    transfer.user = is_origin ? request.user : std::string();
    transfer.password = is_origin ? request.password : std::string();
    MILLRACE_ASSIGN_OR_RETURN(TransferResult result, RunTransfer(transfer));
    if (!IsRedirect(result)) {
      return HttpResponse{result.status_code, std::move(result.body), std::move(result.retry_after),
                          std::move(transfer.url.text)};
    }
    MILLRACE_ASSIGN_OR_RETURN(transfer.url, FollowRedirect(transfer.url, result.location));
  }
  return MakeError(Reason::kFetchFailed,
                   absl::StrCat(origin.Shown(), " redirects more than ", options_.redirect_count_max, " times"));
}

}  // namespace millrace
