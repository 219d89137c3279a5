#include "core/base/thread_priority.h"

#include <sys/resource.h>

#include <cerrno>

namespace millrace {
namespace {

// Linux gives a thread 1.25 times the time of one that is nicer by one.
constexpr int kRaise = 10;

}  // namespace

Hurry::Hurry() {
  // On Linux 0 is the calling thread, not its process. -1 may be a niceness.
  errno = 0;
  usual_niceness_ = getpriority(PRIO_PROCESS, 0);
  if (usual_niceness_ == -1 && errno != 0) return;
  is_raised_ = setpriority(PRIO_PROCESS, 0, usual_niceness_ - kRaise) == 0;
}

Hurry::~Hurry() {
  // To be nicer is always allowed.
  if (is_raised_) setpriority(PRIO_PROCESS, 0, usual_niceness_);
}

}  // namespace millrace
