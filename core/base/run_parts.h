// Work that falls into equal parts, for all processors that are to be had.
#pragma once

#include <cstddef>
#include <functional>

#include "absl/status/status.h"

namespace millrace {

// Does one part after the other, on one thread.
using PartWorker = std::function<absl::Status(size_t part)>;

// Does the parts from 0 to part_count - 1, each once: by the caller's thread and by helpers, of which the process has
// one less than the machine has processors. Helpers that are busy elsewhere, or not awake in time, are not waited for,
// so that a call takes no longer than it would alone. Returns when all work has ended.
//
// `make_worker` is called once on each thread that takes part, at the same time; a worker is used by its thread only.
// `check` is called by the caller's thread before each of its parts; empty: never. After an error no further part is
// begun; returned is that of `check`, or else that of the lowest part with one, which is what one thread alone would
// have met.
absl::Status RunParts(size_t part_count, const std::function<absl::Status()>& check,
                      const std::function<PartWorker()>& make_worker);

}  // namespace millrace
