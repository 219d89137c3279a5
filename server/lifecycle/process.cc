#include "server/lifecycle/process.h"

#include <signal.h>
#include <sys/resource.h>

#include "core/base/tuning.h"

namespace millrace {
namespace {

void RaiseOpenFileLimit() {
  // Each connection takes a descriptor, and gRPC 1.51 stays deaf for good once there was none left for a new one.
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void PrepareProcess() {
  TuneAllocator();
  StopLookingForDeadlocks();
  RaiseOpenFileLimit();
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace millrace
