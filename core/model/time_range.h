// The times that posts may have: those that every reader can hold. Protobuf's timestamps, Python's datetime and JSON
// end where the years have four digits.
#pragma once

#include <cstdint>

namespace millrace {

// 0001-01-01T00:00:00Z and the last microsecond of the year 9999, in microseconds since 1970-01-01 UTC.
inline constexpr int64_t kTimeMinUs = -62'135'596'800'000'000;
inline constexpr int64_t kTimeMaxUs = 253'402'300'799'999'999;

constexpr bool IsTimeInRange(int64_t time_us) { return time_us >= kTimeMinUs && time_us <= kTimeMaxUs; }

}  // namespace millrace
