#include "core/fetch/curl_transfer.h"

#include <curl/curl.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

constexpr char kUserAgent[] = "Millrace/" MILLRACE_VERSION " (metadata refresh)";
constexpr size_t kHeaderSizeBytesMax = 64 << 10;

// What the callbacks share; lives on RunTransfer's stack.
struct Exchange {
  const TransferRequest* request;
  TransferResult result;
  size_t header_size_bytes = 0;
  bool is_too_large = false;
  bool is_cancelled = false;
};

// curl hands these over as char*, not ended by a NUL. Anything but the size ends the transfer.
size_t OnBody(char* bytes, size_t, size_t size, void* user) {
  auto* const exchange = static_cast<Exchange*>(user);
  if (exchange->result.body.size() + size > exchange->request->limits.body_size_bytes_max) {
    exchange->is_too_large = true;
    return 0;
  }
  exchange->result.body.append(bytes, size);
  return size;
}

size_t OnHeader(char* bytes, size_t, size_t size, void* user) {
  auto* const exchange = static_cast<Exchange*>(user);
  exchange->header_size_bytes += size;
  if (exchange->header_size_bytes > kHeaderSizeBytesMax) {
    exchange->is_too_large = true;
    return 0;
  }
  const absl::string_view line(bytes, size);
  const auto take = [&](absl::string_view name, std::string* value) {
    if (!absl::StartsWithIgnoreCase(line, name)) return;
    *value = std::string(absl::StripAsciiWhitespace(line.substr(name.size())));
  };
  // A status line begins a new answer: what a "100 Continue" said is over.
  if (absl::StartsWith(line, "HTTP/")) exchange->result = {};
  take("location:", &exchange->result.location);
  take("retry-after:", &exchange->result.retry_after);
  return size;
}

int OnProgress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto* const exchange = static_cast<Exchange*>(user);
  if (!exchange->request->cancelled || !exchange->request->cancelled()) return 0;
  exchange->is_cancelled = true;
  return 1;
}

// The last gate: whatever curl makes of names, no socket goes anywhere but to the addresses that were judged.
curl_socket_t OnOpenSocket(void* user, curlsocktype, curl_sockaddr* address) {
  const auto* const exchange = static_cast<Exchange*>(user);
  const std::optional<IpAddress> target = IpAddressOf(address->addr);
  const std::vector<IpAddress>& allowed = exchange->request->addresses;
  if (!target.has_value() || std::find(allowed.begin(), allowed.end(), *target) == allowed.end()) {
    return CURL_SOCKET_BAD;
  }
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::string ResolveEntry(const TransferRequest& request) {
  std::string entry = absl::StrCat(request.url.host, ":", request.url.port, ":");
  for (size_t i = 0; i < request.addresses.size(); ++i) {
    const IpAddress& address = request.addresses[i];
    absl::StrAppend(&entry, i == 0 ? "" : ",", address.is_v6 ? "[" : "", address.ToString(), address.is_v6 ? "]" : "");
  }
  return entry;
}

long Milliseconds(absl::Duration duration) { return static_cast<long>(absl::ToInt64Milliseconds(duration)); }

void SetOptions(CURL* handle, Exchange* exchange, char* error_text, const curl_slist* resolve) {
  const TransferRequest& request = *exchange->request;
  curl_easy_setopt(handle, CURLOPT_URL, request.url.text.c_str());
  curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  // A proxy would do the connecting, and so the choosing of addresses; an empty name also beats the environment.
  curl_easy_setopt(handle, CURLOPT_PROXY, "");
  curl_easy_setopt(handle, CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
  curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(handle, CURLOPT_USERAGENT, kUserAgent);
  curl_easy_setopt(handle, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
  curl_easy_setopt(handle, CURLOPT_ERRORBUFFER, error_text);
  if (resolve != nullptr) curl_easy_setopt(handle, CURLOPT_RESOLVE, resolve);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, OnOpenSocket);
  curl_easy_setopt(handle, CURLOPT_OPENSOCKETDATA, exchange);
  curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, Milliseconds(request.limits.connect_timeout));
  curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, Milliseconds(request.limits.total_timeout));
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(handle, CURLOPT_LOW_SPEED_TIME,
                   std::max(1L, static_cast<long>(absl::ToInt64Seconds(request.limits.stall_timeout))));
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, OnBody);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, exchange);
  curl_easy_setopt(handle, CURLOPT_HEADERFUNCTION, OnHeader);
  curl_easy_setopt(handle, CURLOPT_HEADERDATA, exchange);
  curl_easy_setopt(handle, CURLOPT_XFERINFOFUNCTION, OnProgress);
  curl_easy_setopt(handle, CURLOPT_XFERINFODATA, exchange);
  curl_easy_setopt(handle, CURLOPT_NOPROGRESS, 0L);
  if (request.user.empty()) return;
  curl_easy_setopt(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(handle, CURLOPT_USERNAME, request.user.c_str());
  curl_easy_setopt(handle, CURLOPT_PASSWORD, request.password.c_str());
}

absl::Status TransferError(const Exchange& exchange, CURLcode code, const char* error_text) {
  if (exchange.is_cancelled) return MakeError(Reason::kCancelled, "the refresh was stopped during a request");
  const std::string url = exchange.request->url.Shown();
  if (exchange.is_too_large) {
    return MakeError(Reason::kFetchFailed,
                     absl::StrCat(url, " answers with more than ", exchange.request->limits.body_size_bytes_max,
                                  " bytes (decompressed), or with more than ", kHeaderSizeBytesMax, " of headers"));
  }
  const char* const why = error_text[0] != '\0' ? error_text : curl_easy_strerror(code);
  return MakeError(Reason::kFetchFailed, absl::StrCat("no whole answer from ", url, ": ", why));
}

}  // namespace

absl::StatusOr<TransferResult> RunTransfer(const TransferRequest& request) {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle(curl_easy_init(), curl_easy_cleanup);
  if (handle == nullptr) return MakeError(Reason::kInternal, "curl gives no handle");
  // A literal address is connected to as it is.
  std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> resolve(nullptr, curl_slist_free_all);
  if (!ParseIpAddress(request.url.host).has_value()) {
    resolve.reset(curl_slist_append(nullptr, ResolveEntry(request).c_str()));
  }
  Exchange exchange{&request, {}};
  char error_text[CURL_ERROR_SIZE] = "";
  SetOptions(handle.get(), &exchange, error_text, resolve.get());
  const CURLcode code = curl_easy_perform(handle.get());
  if (code != CURLE_OK) return TransferError(exchange, code, error_text);
  long status_code = 0;
  curl_easy_getinfo(handle.get(), CURLINFO_RESPONSE_CODE, &status_code);
  exchange.result.status_code = static_cast<int>(status_code);
  return std::move(exchange.result);
}

}  // namespace millrace
