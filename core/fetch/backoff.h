// How long to wait before asking again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/time/time.h"

namespace millrace {

struct BackoffOptions {
  absl::Duration first = absl::Seconds(2);
  absl::Duration max = absl::Minutes(2);
};

// The wait before attempt `failure_count` + 1: doubled with each failure up to `max`, of which a share between a half
// and the whole is taken, so that those who failed together do not come back together. A pure function; `seed` decides
// the share. Requires failure_count >= 1.
absl::Duration BackoffDelay(const BackoffOptions& options, int failure_count, uint64_t seed);

// What a Retry-After header asks for, from `now` on: seconds or an HTTP date; never negative and at most `max`. Nothing
// for what is neither.
std::optional<absl::Duration> ParseRetryAfter(std::string_view text, absl::Time now, absl::Duration max);

}  // namespace millrace
