// The threads that calls run on.
#pragma once

#include <cstddef>

#include "core/base/thread_pool.h"
#include "server/lifecycle/call_log.h"
#include "server/rpc/refusals.h"

namespace millrace {

// A pool, and what those are told that it has no place for. Thread-safe.
class CallPool : public ThreadPool {
 public:
  // As ThreadPool. `log` is borrowed, for the refusals.
  CallPool(size_t thread_count, size_t queue_size_max, CallLog* log);

  // Reserves a place (ScheduleReserved). False for a call that is to be refused: by refusals(), whose pace counts both.
  [[nodiscard]] bool Admit();
  Refusals& refusals() { return refusals_; }

 private:
  Refusals refusals_;
};

}  // namespace millrace
