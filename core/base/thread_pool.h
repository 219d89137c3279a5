// Threads that do what gRPC's own must not: wait for disks and compute for long.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "core/base/mutex.h"

namespace millrace {

// A fixed number of threads with one queue, served in order, that is bounded for what is new. Thread-safe.
class ThreadPool {
 public:
  // At most `queue_size_max` tasks of TrySchedule wait. Requires thread_count > 0 and queue_size_max > 0.
  ThreadPool(size_t thread_count, size_t queue_size_max);
  // Runs what is queued, then joins.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Queues `task`. False, and the task is dropped, when the queue is full. Never blocks.
  [[nodiscard]] bool TrySchedule(std::function<void()> task);
  // The same in two steps, for whoever would make something first: a place for one task, and the task that takes it. A
  // reserved place is taken from others until its task has begun. Neither blocks.
  [[nodiscard]] bool TryReserve();
  void ScheduleReserved(std::function<void()> task);
  // Queues `task` beside the bound, and takes no place from others. For work that was admitted before and only goes
  // on, such as the next batch of an open stream: such work is bounded by what admitted it.
  void Schedule(std::function<void()> task);
  // Whether a task waits for a thread. For work that may as well go on where it is while nobody else wants its turn.
  bool HasWaiting() const;

 private:
  struct Task {
    std::function<void()> run;
    bool is_bounded = false;
  };

  void Push(Task task);
  void Run();

  const size_t queue_size_max_;
  mutable Mutex mutex_;
  CondVar wake_;
  std::deque<Task> queue_ ABSL_GUARDED_BY(mutex_);
  size_t bounded_count_ ABSL_GUARDED_BY(mutex_) = 0;  // of queue_ and reserved
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace millrace
