#include "server/lifecycle/process.h"

#include <signal.h>
#include <sys/resource.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace millrace {
namespace {

// A batch is built and sent in buffers of some hundred KiB to some MiB, allocated and freed again for every one. By
// default glibc takes such buffers from the kernel and gives them back each time, and zeroing and mapping the pages
// costs as much as the transport itself.
void KeepPages() {
#ifdef __GLIBC__
  // Whatever is smaller comes from the heap. The largest value that glibc takes.
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  // Of what is free at the heap's end this much stays: some dozen large batches.
  mallopt(M_TRIM_THRESHOLD, 128 << 20);
  mallopt(M_TOP_PAD, 1 << 20);
  // Each heap keeps pages of its own, and the pools' threads take turns: more heaps would only take more memory.
  mallopt(M_ARENA_MAX, 4);
#endif
}

void RaiseOpenFileLimit() {
  // Each connection takes a descriptor, and gRPC 1.51 stays deaf for good once there was none left for a new one.
  rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

void PrepareProcess() {
  KeepPages();
  RaiseOpenFileLimit();
  signal(SIGPIPE, SIG_IGN);
}

}  // namespace millrace
