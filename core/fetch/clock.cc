#include "core/fetch/clock.h"

#include <algorithm>

#include "absl/time/clock.h"

namespace millrace {
namespace {

constexpr absl::Duration kCancelInterval = absl::Milliseconds(100);

}  // namespace

absl::Time SystemClock::Now() { return absl::Now(); }

bool SystemClock::Sleep(absl::Duration duration, const std::function<bool()>& cancelled) {
  // By what is left, not by an end: a wall clock that is set back must not make the wait longer.
  while (duration > absl::ZeroDuration()) {
    if (cancelled && cancelled()) return false;
    const absl::Duration nap = std::min(duration, kCancelInterval);
    absl::SleepFor(nap);
    duration -= nap;
  }
  return !cancelled || !cancelled();
}

}  // namespace millrace
