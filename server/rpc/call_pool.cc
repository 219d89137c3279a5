#include "server/rpc/call_pool.h"

#include "server/rpc/call.h"

namespace millrace {

CallPool::CallPool(size_t thread_count, size_t queue_size_max, CallLog* log)
    : ThreadPool(thread_count, queue_size_max), refusals_(log, ServerBusyError()) {}

bool CallPool::Admit() {
  if (!TryReserve()) return false;
  refusals_.CountTaken();
  return true;
}

}  // namespace millrace
