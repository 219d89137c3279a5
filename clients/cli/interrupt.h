// Ctrl-C: cancels the call in progress, so that the server knows at once and nothing is left half-done.
#pragma once

#include <grpcpp/client_context.h>

#include <atomic>
#include <memory>
#include <set>
#include <thread>

#include "core/base/mutex.h"

namespace millrace::cli {

// Thread-safe. Once tripped, for good: calls that begin later are cancelled too.
class Interrupt {
 public:
  void Trip();
  bool tripped() const { return tripped_.load(std::memory_order_acquire); }
  // Also true when SIGINT or SIGTERM has come and waits to be read. Ctrl-C reaches every process of a pipeline at
  // once, so whoever sees the end of a pipe can tell by this whether its writer was merely interrupted.
  bool TrippedOrPending() const;

  // From Add to Remove, a trip cancels the call.
  void Add(grpc::ClientContext* context);
  void Remove(grpc::ClientContext* context);

 private:
  std::atomic<bool> tripped_{false};
  Mutex mutex_;
  std::set<grpc::ClientContext*> contexts_ ABSL_GUARDED_BY(mutex_);
};

// Turns the first SIGINT or SIGTERM into a trip; a second one ends the process at once. Make it before any
// other thread: threads inherit that these signals are blocked, so only this one's thread sees them.
class SignalWatcher {
 public:
  // Borrows `interrupt`.
  explicit SignalWatcher(Interrupt& interrupt);
  ~SignalWatcher();
  SignalWatcher(const SignalWatcher&) = delete;
  SignalWatcher& operator=(const SignalWatcher&) = delete;

 private:
  void Watch();

  Interrupt& interrupt_;
  int signal_fd_ = -1;
  int stop_fd_ = -1;
  std::thread thread_;
};

}  // namespace millrace::cli
