#include "core/base/run_parts.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <system_error>
#include <thread>
#include <utility>

#include "core/base/error.h"
#include "core/base/mutex.h"
#include "core/base/thread_pool.h"

namespace millrace {
namespace {

// Of one call; more would wait for the same memory.
constexpr size_t kHelpersMax = 7;
// For fewer parts a thread it is not worth waking one.
constexpr size_t kPartsPerThreadMin = 2;

// Null where the machine has one processor, or no thread is to be had.
ThreadPool* Helpers() {
  static const std::unique_ptr<ThreadPool> helpers = []() -> std::unique_ptr<ThreadPool> {
    const unsigned processor_count = std::thread::hardware_concurrency();
    if (processor_count < 2) return nullptr;
    try {
      return std::make_unique<ThreadPool>(processor_count - 1, processor_count - 1);
    } catch (const std::system_error&) {
      return nullptr;
    }
  }();
  return helpers.get();
}

// What a call shares with its helpers, which may be late and find it ended.
class Parts {
 public:
  Parts(size_t part_count, const std::function<PartWorker()>& make_worker)
      : part_count_(part_count), make_worker_(make_worker), failed_part_(part_count) {}

  // On a helper's thread.
  void Help() {
    {
      MutexLock lock(mutex_);
      if (is_ended_) return;
      ++helping_count_;
    }
    Run({});
    MutexLock lock(mutex_);
    if (--helping_count_ == 0) helped_.SignalAll();
  }

  // On the caller's; no helper uses what the caller has lent when it returns.
  absl::Status RunToEnd(const std::function<absl::Status()>& check) {
    Run(check);
    MutexLock lock(mutex_);
    is_ended_ = true;
    while (helping_count_ > 0) helped_.Wait(mutex_);
    // Moved: a late helper still holds this, and should hold nothing of what the caller goes on with.
    return check_error_.ok() ? std::move(error_) : std::move(check_error_);
  }

 private:
  void Run(const std::function<absl::Status()>& check) {
    const PartWorker worker = make_worker_();
    while (!is_stopped_.load(std::memory_order_relaxed)) {
      absl::Status status = check ? check() : absl::OkStatus();
      if (!status.ok()) {
        MutexLock lock(mutex_);
        is_stopped_.store(true, std::memory_order_relaxed);
        check_error_ = std::move(status);
        return;
      }
      const size_t part = next_.fetch_add(1, std::memory_order_relaxed);
      if (part >= part_count_) return;
      status = worker(part);
      if (status.ok()) continue;
      MutexLock lock(mutex_);
      is_stopped_.store(true, std::memory_order_relaxed);
      if (part < failed_part_) {
        failed_part_ = part;
        error_ = std::move(status);
      }
    }
  }

  const size_t part_count_;
  const std::function<PartWorker()>& make_worker_;  // the caller's: not used after the end
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> is_stopped_ = false;
  Mutex mutex_;
  CondVar helped_;
  size_t helping_count_ ABSL_GUARDED_BY(mutex_) = 0;
  bool is_ended_ ABSL_GUARDED_BY(mutex_) = false;
  size_t failed_part_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  absl::Status check_error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

absl::Status RunParts(size_t part_count, const std::function<absl::Status()>& check,
                      const std::function<PartWorker()>& make_worker) {
  const auto parts = std::make_shared<Parts>(part_count, make_worker);
  const size_t threads_worth = part_count / kPartsPerThreadMin;
  for (size_t i = 1; i < std::min(threads_worth, kHelpersMax + 1) && Helpers() != nullptr; ++i) {
    if (!Helpers()->TrySchedule([parts] { parts->Help(); })) break;
  }
  return parts->RunToEnd(check);
}

}  // namespace millrace
