// How threads share cores that are too few for them.
#pragma once

#include <functional>

namespace millrace {

// From now on the calling thread, and every thread that it starts, gives way to threads of this and other processes
// while these have something to do: it gets a third of the time of one that did not say so. For work that fills the
// cores as long as there is any. A thread cannot take it back. No error: where the system refuses, threads share alike.
void GiveWay();

// Runs `work` on a thread of its own that gives way, and waits for it; where no thread is to be had, on the caller's.
void RunGivingWay(const std::function<void()>& work);

}  // namespace millrace
