#include "core/base/thread_pool.h"

#include <utility>

namespace millrace {

ThreadPool::ThreadPool(size_t thread_count, size_t queue_size_max) : queue_size_max_(queue_size_max) {
  threads_.reserve(thread_count);
  for (size_t i = 0; i < thread_count; ++i) threads_.emplace_back([this] { Run(); });
}

ThreadPool::~ThreadPool() {
  {
    MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.SignalAll();
  for (std::thread& thread : threads_) thread.join();
}

bool ThreadPool::TrySchedule(std::function<void()> task) {
  if (!TryReserve()) return false;
  ScheduleReserved(std::move(task));
  return true;
}

bool ThreadPool::TryReserve() {
  MutexLock lock(mutex_);
  if (bounded_count_ >= queue_size_max_) return false;
  ++bounded_count_;
  return true;
}

void ThreadPool::ScheduleReserved(std::function<void()> task) { Push({std::move(task), true}); }

void ThreadPool::Schedule(std::function<void()> task) { Push({std::move(task), false}); }

void ThreadPool::Push(Task task) {
  {
    MutexLock lock(mutex_);
    queue_.push_back(std::move(task));
  }
  wake_.Signal();
}

bool ThreadPool::HasWaiting() const {
  MutexLock lock(mutex_);
  return !queue_.empty();
}

void ThreadPool::Run() {
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (queue_.empty() && !stopping_) wake_.Wait(mutex_);
      if (queue_.empty()) return;
      task = std::move(queue_.front());
      queue_.pop_front();
      if (task.is_bounded) --bounded_count_;
    }
    task.run();
  }
}

}  // namespace millrace
