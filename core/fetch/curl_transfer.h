// One exchange with curl: a GET to addresses that were judged before, its answer taken up to a bound.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "core/fetch/ip_address.h"
#include "core/fetch/url.h"

namespace millrace {

struct TransferLimits {
  absl::Duration connect_timeout = absl::Seconds(10);  // TLS included
  absl::Duration total_timeout = absl::Seconds(60);
  absl::Duration stall_timeout = absl::Seconds(20);  // less than a byte a second for so long
  size_t body_size_bytes_max = size_t{64} << 20;     // after decompression
};

struct TransferRequest {
  Url url;
  std::vector<IpAddress> addresses;  // of url.host; no other is connected to
  std::string user;                  // empty: no authentication
  std::string password;
  TransferLimits limits;
  std::function<bool()> cancelled;  // may be empty
};

struct TransferResult {
  int status_code = 0;
  std::string body;
  std::string location;
  std::string retry_after;
};

// Redirects are an answer like any other. No proxies, cookies, netrc or other protocols. kFetchFailed, kCancelled.
absl::StatusOr<TransferResult> RunTransfer(const TransferRequest& request);

}  // namespace millrace
