// Waits between attempts: doubled, bounded, spread; Retry-After in each of its forms.
#include "core/fetch/backoff.h"

#include <set>

#include "absl/time/clock.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("a back-off doubles with each failure up to its bound, and takes from a half to the whole") {
  const BackoffOptions options{absl::Seconds(2), absl::Seconds(20)};
  const absl::Duration wholes[] = {absl::Seconds(2),  absl::Seconds(4),  absl::Seconds(8),
                                   absl::Seconds(16), absl::Seconds(20), absl::Seconds(20)};
  for (int failure_count = 1; failure_count <= 6; ++failure_count) {
    for (uint64_t seed = 0; seed < 100; ++seed) {
      const absl::Duration delay = BackoffDelay(options, failure_count, seed);
      CHECK(delay >= wholes[failure_count - 1] / 2);
      CHECK(delay <= wholes[failure_count - 1]);
    }
  }
}

TEST_CASE("a back-off is a function of its seed, and neighbouring seeds differ") {
  std::set<absl::Duration> delays;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    CHECK(BackoffDelay({}, 3, seed) == BackoffDelay({}, 3, seed));
    delays.insert(BackoffDelay({}, 3, seed));
  }
  CHECK(delays.size() == 50);
}

TEST_CASE("a back-off after very many failures is the bound's") {
  CHECK(BackoffDelay({}, 1'000'000, 1) <= BackoffOptions().max);
}

TEST_CASE("Retry-After is read as seconds or as a date") {
  const absl::Time now = absl::FromUnixSeconds(784'111'777);  // Sun, 06 Nov 1994 08:49:37 GMT
  const absl::Duration max = absl::Hours(1);
  CHECK(ParseRetryAfter("120", now, max) == absl::Seconds(120));
  CHECK(ParseRetryAfter(" 0 ", now, max) == absl::ZeroDuration());
  CHECK(ParseRetryAfter("Sun, 06 Nov 1994 08:50:37 GMT", now, max) == absl::Seconds(60));
  CHECK(ParseRetryAfter("Sunday, 06-Nov-94 08:50:37 GMT", now, max) == absl::Seconds(60));
  CHECK(ParseRetryAfter("Sun Nov  6 08:50:37 1994", now, max) == absl::Seconds(60));
}

TEST_CASE("Retry-After is bounded, and a date of the past means now") {
  const absl::Time now = absl::FromUnixSeconds(784'111'777);
  const absl::Duration max = absl::Hours(1);
  CHECK(ParseRetryAfter("7200", now, max) == max);
  CHECK(ParseRetryAfter("99999999999999999999999999", now, max) == max);
  CHECK(ParseRetryAfter("Sun, 06 Nov 2094 08:49:37 GMT", now, max) == max);
  CHECK(ParseRetryAfter("Sun, 06 Nov 1994 08:00:00 GMT", now, max) == absl::ZeroDuration());
}

TEST_CASE("what is no Retry-After is not taken for one") {
  for (const char* const text : {"", " ", "-5", "1.5", "soon", "Sun, 99 Nov 1994 08:49:37 GMT", "12 s"}) {
    INFO(text);
    CHECK_FALSE(ParseRetryAfter(text, absl::Now(), absl::Hours(1)).has_value());
  }
}

}  // namespace
}  // namespace millrace
