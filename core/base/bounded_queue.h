// A queue between a producer that must not block and a consumer that may.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "core/base/mutex.h"

namespace millrace {

// First in, first out, bounded by a number of items. Thread-safe.
template <typename T>
class BoundedQueue {
 public:
  explicit BoundedQueue(size_t size_max) : size_max_(size_max) {}

  // Adds an item. False, and the item is dropped, when the queue is full or closed. Never blocks.
  [[nodiscard]] bool TryPush(T item) {
    {
      MutexLock lock(mutex_);
      if (closed_ || items_.size() >= size_max_) return false;
      items_.push_back(std::move(item));
    }
    changed_.Signal();
    return true;
  }

  // Takes the oldest item; waits for one. Nothing when the queue is closed and drained.
  std::optional<T> Pop() {
    MutexLock lock(mutex_);
    while (items_.empty() && !closed_) changed_.Wait(mutex_);
    if (items_.empty()) return std::nullopt;
    T item = std::move(items_.front());
    items_.pop_front();
    return item;
  }

  // Takes no more items; Pop gives the rest, then nothing.
  void Close() {
    {
      MutexLock lock(mutex_);
      closed_ = true;
    }
    changed_.SignalAll();
  }

  bool HasRoom() const {
    MutexLock lock(mutex_);
    return !closed_ && items_.size() < size_max_;
  }

 private:
  const size_t size_max_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::deque<T> items_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace millrace
