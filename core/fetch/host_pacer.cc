#include "core/fetch/host_pacer.h"

#include <algorithm>

#include "core/base/error.h"

namespace millrace {
namespace {

constexpr size_t kHostCountMax = 1024;
// No host is asked to wait for longer (Retry-After is bounded by this), so a longer wait means that the clock was set.
constexpr absl::Duration kWaitMax = absl::Hours(1);
// A turn is taken so late at most, or by an interval when that is longer: sleeps are not exact.
constexpr absl::Duration kLatenessMax = absl::Seconds(1);

}  // namespace

absl::Status HostPacer::WaitForTurn(Clock& sleeper, std::string_view host, const std::function<bool()>& cancelled) {
  while (true) {
    const absl::Time now = clock_.Now();
    const absl::Time turn = TakeTurn(host, now);
    if (!sleeper.Sleep(turn - now, cancelled)) {
      return MakeError(Reason::kCancelled, "the refresh was stopped while it waited to ask the board");
    }
    if (turn == now || !IsOver(host, turn)) return absl::OkStatus();
  }
}

absl::Time HostPacer::TakeTurn(std::string_view host, absl::Time now) {
  MutexLock lock(mutex_);
  ForgetPast(now);
  absl::Time& next_turn = hosts_[std::string(host)].next_turn;
  const absl::Time turn = std::clamp(next_turn, now, now + kWaitMax);
  next_turn = turn + interval_;
  return turn;
}

bool HostPacer::IsOver(std::string_view host, absl::Time turn) {
  const absl::Time now = clock_.Now();
  if (now > turn + std::max(interval_, kLatenessMax)) return true;
  MutexLock lock(mutex_);
  const auto known = hosts_.find(std::string(host));
  // Turns come behind all that the host asked for before they were taken.
  return known != hosts_.end() && known->second.held_until > turn && known->second.held_until <= now + kWaitMax;
}

void HostPacer::HoldBack(std::string_view host, absl::Duration duration) {
  const absl::Time until = clock_.Now() + duration;
  MutexLock lock(mutex_);
  Host& known = hosts_[std::string(host)];
  known.next_turn = std::max(known.next_turn, until);
  known.held_until = std::max(known.held_until, until);
}

void HostPacer::ForgetPast(absl::Time now) {
  if (hosts_.size() < kHostCountMax) return;
  absl::erase_if(hosts_, [now](const auto& entry) { return entry.second.next_turn <= now; });
}

}  // namespace millrace
