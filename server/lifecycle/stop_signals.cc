#include "server/lifecycle/stop_signals.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <utility>

namespace millrace {
namespace {

// poll(2) takes an int: wait in pieces.
constexpr int64_t kPollMsMax = 3'600'000;

// Without these the server could not be stopped in order: better not to start.
int OrDie(int fd, const char* what) {
  if (fd >= 0) return fd;
  std::perror(what);
  std::exit(1);
}

}  // namespace

StopSignals::StopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = OrDie(signalfd(-1, &signals, SFD_CLOEXEC), "millrace-server: signalfd");
  quit_fd_ = OrDie(eventfd(0, EFD_CLOEXEC), "millrace-server: eventfd");
}

StopSignals::~StopSignals() {
  if (watcher_.joinable()) {
    const uint64_t one = 1;
    // An eventfd's counter is far from its limit: the write cannot fail.
    [[maybe_unused]] const ssize_t written = write(quit_fd_, &one, sizeof(one));
    watcher_.join();
  }
  close(quit_fd_);
  close(signal_fd_);
}

int StopSignals::Wait() {
  signalfd_siginfo info;
  while (read(signal_fd_, &info, sizeof(info)) != sizeof(info)) {
  }
  return static_cast<int>(info.ssi_signo);
}

void StopSignals::EndProcessAfter(absl::Duration timeout, std::function<void(const char* why)> report) {
  const Clock::time_point deadline = Clock::now() + absl::ToChronoMicroseconds(timeout);
  watcher_ = std::thread([this, deadline, report = std::move(report)] { Watch(deadline, report); });
}

void StopSignals::Watch(Clock::time_point deadline, const std::function<void(const char* why)>& report) {
  while (true) {
    pollfd waits[] = {{quit_fd_, POLLIN, 0}, {signal_fd_, POLLIN, 0}};
    // Rounded up: a wait that is a moment short would spin until the deadline.
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now());
    const int ready = poll(waits, 2, static_cast<int>(std::clamp<int64_t>(left.count(), 0, kPollMsMax)));
    if (ready > 0 && waits[0].revents != 0) return;
    if (ready > 0 && waits[1].revents != 0) {
      report("a second signal came");
      _exit(128 + Wait());
    }
    if (Clock::now() >= deadline) {
      report("calls or their work did not end in time");
      _exit(1);
    }
  }
}

}  // namespace millrace
