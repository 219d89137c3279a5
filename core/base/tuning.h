// How a program that moves batches by gRPC treats memory and locks.
#pragma once

namespace millrace {

// Makes the allocator keep and reuse the pages of large buffers, in few heaps; glibc only. Call first in main, before
// threads. docs/decisions/0024-allocator.md has the measurements.
void TuneAllocator();

// Abseil as Debian builds it looks for deadlocks at every lock of a mutex, in one graph under one lock, and gRPC locks
// some dozen times a message. Stops that. Call first in main.
void StopLookingForDeadlocks();

}  // namespace millrace
