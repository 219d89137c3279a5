#include "core/base/tuning.h"

#include <cstdlib>  // whatever of the C library comes first says __GLIBC__

#ifdef __GLIBC__
#include <malloc.h>
#endif

#include "absl/synchronization/mutex.h"

namespace millrace {

void TuneAllocator() {
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

void StopLookingForDeadlocks() { absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore); }

}  // namespace millrace
