#include "server/rpc/retry_pace.h"

#include <algorithm>

namespace millrace {
namespace {

using std::chrono::milliseconds;

// Steps of this on a circle are never near each other: even, without a generator of random numbers.
constexpr double kGoldenRatio = 0.6180339887498949;
// A window may be a burst that ends with it: the delay does not follow it at once.
constexpr int64_t kGrowthMax = 4;
// The delay shrinks by a second in so many.
constexpr int64_t kSecondsPerSecondLess = 8;

}  // namespace

milliseconds RetryPace::DelayOfRefused(Clock::time_point now) {
  MutexLock lock(mutex_);
  ++refused_count_;
  if (now - window_start_ >= kWindow) EndWindow(now);
  spread_ += kGoldenRatio;
  if (spread_ >= 1) spread_ -= 1;
  return milliseconds(static_cast<int64_t>(static_cast<double>(delay_.count()) * (0.5 + spread_)));
}

void RetryPace::EndWindow(Clock::time_point now) {
  const int64_t taken_count = taken_count_.exchange(0, std::memory_order_relaxed);
  const auto passed = std::chrono::duration_cast<milliseconds>(now - window_start_);
  // Nobody was refused in the windows that went by between this one and now: a delay of hours ago tells nothing.
  const milliseconds idle = std::max(passed - kWindow, milliseconds(0));
  delay_ = std::max(delay_ - idle / kSecondsPerSecondLess, kDelayMin);
  const int64_t times_too_many = refused_count_ * kTakenPerRefusal / std::max<int64_t>(taken_count, 1);
  if (times_too_many >= 1) {
    delay_ = std::min(std::clamp<int64_t>(times_too_many, 2, kGrowthMax) * delay_, kDelayMax);
  } else {
    delay_ = std::max(delay_ - kWindow / kSecondsPerSecondLess, kDelayMin);
  }
  window_start_ = now;
  refused_count_ = 0;
}

}  // namespace millrace
