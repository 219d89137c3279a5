#include "server/rpc/call_pool.h"

#include <memory>

#include "core/base/mutex.h"
#include "core/base/thread_priority.h"
#include "server/rpc/call.h"

namespace millrace {
namespace {

// Where each waits until all have come: so a pool whose threads it has tasks for gives one to each of them.
class MeetingPoint {
 public:
  explicit MeetingPoint(size_t count) : missing_count_(count) {}

  void Come() {
    MutexLock lock(mutex_);
    if (--missing_count_ == 0) all_came_.SignalAll();
    while (missing_count_ > 0) all_came_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar all_came_;
  size_t missing_count_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

CallPool::CallPool(size_t thread_count, size_t queue_size_max, CallLog* log)
    : ThreadPool(thread_count, queue_size_max), refusals_(log, ServerBusyError()) {
  // Streams and imports take all there is of the cores. What is short and awaited, gRPC's work and a page of a refresh,
  // would share them alike, and take twice as long as it needs.
  const auto meeting_point = std::make_shared<MeetingPoint>(thread_count);
  for (size_t i = 0; i < thread_count; ++i) {
    Schedule([meeting_point] {
      GiveWay();
      meeting_point->Come();
    });
  }
}

bool CallPool::Admit() {
  if (!TryReserve()) return false;
  refusals_.CountTaken();
  return true;
}

}  // namespace millrace
