#include "core/fetch/host_pacer.h"

#include <algorithm>

#include "core/base/error.h"

namespace millrace {
namespace {

constexpr size_t kHostCountMax = 1024;
// No host is asked to wait for longer (Retry-After is bounded by this), so a longer wait means that the clock was set.
constexpr absl::Duration kWaitMax = absl::Hours(1);

}  // namespace

absl::Status HostPacer::WaitForTurn(Clock& sleeper, std::string_view host, const std::function<bool()>& cancelled) {
  if (sleeper.Sleep(TakeTurn(host), cancelled)) return absl::OkStatus();
  return MakeError(Reason::kCancelled, "the refresh was stopped while it waited to ask the board");
}

absl::Duration HostPacer::TakeTurn(std::string_view host) {
  const absl::Time now = clock_.Now();
  MutexLock lock(mutex_);
  ForgetPast(now);
  absl::Time& next_turn = next_turns_[std::string(host)];
  const absl::Time turn = std::clamp(next_turn, now, now + kWaitMax);
  next_turn = turn + interval_;
  return turn - now;
}

void HostPacer::HoldBack(std::string_view host, absl::Duration duration) {
  const absl::Time until = clock_.Now() + duration;
  MutexLock lock(mutex_);
  absl::Time& next_turn = next_turns_[std::string(host)];
  next_turn = std::max(next_turn, until);
}

void HostPacer::ForgetPast(absl::Time now) {
  if (next_turns_.size() < kHostCountMax) return;
  absl::erase_if(next_turns_, [now](const auto& entry) { return entry.second <= now; });
}

}  // namespace millrace
