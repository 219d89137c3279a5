#include "core/fetch/backoff.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"

namespace millrace {
namespace {

// SplitMix64's finaliser: neighbouring seeds give shares that have nothing to do with each other.
uint64_t Mix(uint64_t value) {
  value += 0x9E3779B97F4A7C15;
  value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9;
  value = (value ^ value >> 27) * 0x94D049BB133111EB;
  return value ^ value >> 31;
}

// HTTP's three forms of a date (RFC 9110, 5.6.7), all in UTC.
constexpr const char* kDateFormats[] = {"%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT",
                                        "%a %b %e %H:%M:%S %Y"};

}  // namespace

absl::Duration BackoffDelay(const BackoffOptions& options, int failure_count, uint64_t seed) {
  absl::Duration whole = options.first;
  for (int i = 1; i < failure_count && whole < options.max; ++i) whole *= 2;
  whole = std::min(whole, options.max);
  const double share = static_cast<double>(Mix(seed) >> 11) / static_cast<double>(uint64_t{1} << 53);
  return whole * (0.5 + share / 2);
}

std::optional<absl::Duration> ParseRetryAfter(std::string_view text, absl::Time now, absl::Duration max) {
  const absl::string_view stripped = absl::StripAsciiWhitespace(absl::string_view(text.data(), text.size()));
  if (stripped.empty()) return std::nullopt;
  if (std::all_of(stripped.begin(), stripped.end(), [](unsigned char c) { return absl::ascii_isdigit(c); })) {
    int64_t seconds = 0;
    for (const char digit : stripped) {
      seconds = seconds * 10 + (digit - '0');
      if (absl::Seconds(seconds) >= max) return max;
    }
    return absl::Seconds(seconds);
  }
  for (const char* const format : kDateFormats) {
    absl::Time time;
    if (!absl::ParseTime(format, stripped, absl::UTCTimeZone(), &time, nullptr)) continue;
    return std::clamp(time - now, absl::ZeroDuration(), max);
  }
  return std::nullopt;
}

}  // namespace millrace
