#include "core/fetch/resolver.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <memory>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"

namespace millrace {

absl::StatusOr<std::vector<IpAddress>> SystemResolver::Resolve(const std::string& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code != 0) {
    return MakeError(Reason::kFetchFailed,
                     absl::StrCat("cannot resolve the host ", QuoteForMessage(host), ": ", gai_strerror(code)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, freeaddrinfo);
  std::vector<IpAddress> addresses;
  for (const addrinfo* entry = found; entry != nullptr; entry = entry->ai_next) {
    const std::optional<IpAddress> address = IpAddressOf(*entry->ai_addr);
    if (address.has_value() && std::find(addresses.begin(), addresses.end(), *address) == addresses.end()) {
      addresses.push_back(*address);
    }
  }
  if (addresses.empty()) {
    return MakeError(Reason::kFetchFailed, absl::StrCat("the host ", QuoteForMessage(host), " has no IP address"));
  }
  return addresses;
}

}  // namespace millrace
