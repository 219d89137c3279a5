// A clock that goes on only while somebody sleeps.
#pragma once

#include <functional>
#include <vector>

#include "absl/time/time.h"
#include "core/fetch/clock.h"

namespace millrace {

// Not thread-safe.
class FakeClock final : public Clock {
 public:
  absl::Time Now() override { return now; }
  bool Sleep(absl::Duration duration, const std::function<bool()>& cancelled) override {
    if (cancelled && cancelled()) return false;
    if (duration > absl::ZeroDuration()) sleeps.push_back(duration);
    now += duration;
    return true;
  }

  absl::Time now = absl::FromUnixSeconds(1'700'000'000);
  std::vector<absl::Duration> sleeps;  // without those of no time
};

}  // namespace millrace
