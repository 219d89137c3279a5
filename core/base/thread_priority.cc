#include "core/base/thread_priority.h"

#include <sys/resource.h>

#include <cerrno>
#include <system_error>
#include <thread>

namespace millrace {
namespace {

// Linux gives a thread 1.25 times the time of one that is nicer by one.
constexpr int kNiceness = 5;

}  // namespace

void GiveWay() {
  // On Linux 0 is the calling thread, not its process. -1 may be a niceness.
  errno = 0;
  const int niceness = getpriority(PRIO_PROCESS, 0);
  if (niceness == -1 && errno != 0) return;
  setpriority(PRIO_PROCESS, 0, niceness + kNiceness);
}

void RunGivingWay(const std::function<void()>& work) {
  std::thread thread;
  try {
    thread = std::thread([&work] {
      GiveWay();
      work();
    });
  } catch (const std::system_error&) {
    work();
    return;
  }
  thread.join();
}

}  // namespace millrace
