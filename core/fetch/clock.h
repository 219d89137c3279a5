// Time for whatever waits between requests; injected, so that tests wait for nothing.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace millrace {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;
  // False, and early, once `cancelled` says so.
  virtual bool Sleep(absl::Duration duration, const std::function<bool()>& cancelled) = 0;
};

// The machine's. Sleeps ask `cancelled` ten times a second.
class SystemClock final : public Clock {
 public:
  absl::Time Now() override;
  bool Sleep(absl::Duration duration, const std::function<bool()>& cancelled) override;
};

}  // namespace millrace
