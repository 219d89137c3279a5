// Spreads the requests to each host over time, whoever makes them.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "core/fetch/clock.h"

namespace millrace {

// Thread-safe.
class HostPacer {
 public:
  // At most one request to a host in each `interval`. `clock` is borrowed.
  HostPacer(Clock* clock, absl::Duration interval) : clock_(*clock), interval_(interval) {}

  // Waits for the host's next turn and takes it. Who sleeps past its turn, or is told meanwhile that the host wants to
  // be left alone, waits for another. kCancelled; the turn is then lost.
  absl::Status WaitForTurn(std::string_view host, const std::function<bool()>& cancelled) {
    return WaitForTurn(clock_, host, cancelled);
  }
  // The same, asleep on another clock of the same time: one that knows who sleeps.
  absl::Status WaitForTurn(Clock& sleeper, std::string_view host, const std::function<bool()>& cancelled);
  // No turn of the host comes before `duration` from now is over: it asked for that.
  void HoldBack(std::string_view host, absl::Duration duration);

 private:
  struct Host {
    absl::Time next_turn;
    absl::Time held_until = absl::InfinitePast();
  };

  absl::Time TakeTurn(std::string_view host, absl::Time now);
  bool IsOver(std::string_view host, absl::Time turn);
  void ForgetPast(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Clock& clock_;
  const absl::Duration interval_;
  Mutex mutex_;
  absl::flat_hash_map<std::string, Host> hosts_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
