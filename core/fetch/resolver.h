// From host names to addresses, injected so that tests decide what a name means.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/fetch/ip_address.h"

namespace millrace {

// Thread-safe.
class HostResolver {
 public:
  virtual ~HostResolver() = default;
  // One address or more; a literal address is its own. kFetchFailed. May wait as long as the system's resolver does.
  virtual absl::StatusOr<std::vector<IpAddress>> Resolve(const std::string& host) = 0;
};

// getaddrinfo.
class SystemResolver final : public HostResolver {
 public:
  absl::StatusOr<std::vector<IpAddress>> Resolve(const std::string& host) override;
};

}  // namespace millrace
