#include "clients/cli/interrupt.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <csignal>

#include "clients/cli/exit_code.h"

namespace millrace::cli {

void Interrupt::Trip() {
  MutexLock lock(mutex_);
  tripped_.store(true, std::memory_order_release);
  for (grpc::ClientContext* context : contexts_) context->TryCancel();
}

bool Interrupt::TrippedOrPending() const {
  sigset_t pending;
  const bool has_pending =
      sigpending(&pending) == 0 && (sigismember(&pending, SIGINT) == 1 || sigismember(&pending, SIGTERM) == 1);
  return has_pending || tripped();
}

void Interrupt::Add(grpc::ClientContext* context) {
  MutexLock lock(mutex_);
  contexts_.insert(context);
  if (tripped()) context->TryCancel();
}

void Interrupt::Remove(grpc::ClientContext* context) {
  MutexLock lock(mutex_);
  contexts_.erase(context);
}

SignalWatcher::SignalWatcher(Interrupt& interrupt) : interrupt_(interrupt) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal_fd_ = signalfd(-1, &signals, SFD_CLOEXEC);
  stop_fd_ = eventfd(0, EFD_CLOEXEC);
  thread_ = std::thread([this] { Watch(); });
}

SignalWatcher::~SignalWatcher() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof one);
  thread_.join();
  close(signal_fd_);
  close(stop_fd_);
}

void SignalWatcher::Watch() {
  while (true) {
    pollfd fds[] = {{signal_fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
    if (poll(fds, 2, -1) < 0) continue;
    if (fds[1].revents != 0) return;
    signalfd_siginfo info;
    if (read(signal_fd_, &info, sizeof info) != sizeof info) continue;
    if (interrupt_.tripped()) _exit(static_cast<int>(ExitCode::kInterrupted));
    interrupt_.Trip();
  }
}

}  // namespace millrace::cli
