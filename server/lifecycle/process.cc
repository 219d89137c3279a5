#include "server/lifecycle/process.h"

#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

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

// Snapshots that found no room in memory, and all postings, are mapped. A page of such a file that was dropped and
// cannot be read again (a failing disk, or somebody cut the file short) has no other way to tell than this signal. What
// was served so far is right, and no error can be returned from the middle of a copy: the process ends, saying why. The
// next one reads every block through a descriptor first, and answers with an error.
void OnBusError(int) {
  constexpr char kWhy[] =
      "millrace-server: a mapped file of the data folder could not be read: its disk fails, or it was cut short. The "
      "server ends here (SIGBUS). Look at the system's log; after a restart VerifySnapshot tells which snapshots are "
      "damaged.\n";
  // The handler is gone by now: after this the same read ends the process.
  if (write(STDERR_FILENO, kWhy, sizeof kWhy - 1) < 0) return;
}

void ExplainBusErrors() {
  struct sigaction action = {};
  action.sa_handler = OnBusError;
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

void PrepareProcess() {
  TuneAllocator();
  StopLookingForDeadlocks();
  RaiseOpenFileLimit();
  signal(SIGPIPE, SIG_IGN);
  ExplainBusErrors();
}

}  // namespace millrace
