// SIGTERM and SIGINT, taken where they are waited for instead of anywhere.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "absl/time/time.h"

namespace millrace {

// Make one in main before any other thread: every thread that is started later leaves the signals to it. Not
// thread-safe.
class StopSignals {
 public:
  // Blocks both signals in this thread and those it starts from now on.
  StopSignals();
  // Leaves the signals blocked: the process is about to end.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Waits for a signal; returns its number.
  int Wait();

  // From now until destruction a thread watches over an orderly end: one more signal ends the process at once, with
  // code 128 + its number, and so does the end of `timeout`, with code 1. Destructors do not run then: what must
  // last is on the disk before it is acknowledged. `report` is told why before that. Call once.
  void EndProcessAfter(absl::Duration timeout, std::function<void(const char* why)> report);

 private:
  using Clock = std::chrono::steady_clock;

  void Watch(Clock::time_point deadline, const std::function<void(const char* why)>& report);

  int signal_fd_;
  int quit_fd_;  // readable: the watching thread is to end
  std::thread watcher_;
};

}  // namespace millrace
