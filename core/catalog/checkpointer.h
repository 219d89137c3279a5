// Copies what refreshes wrote from the catalog's log into its file, beside them.
#pragma once

#include <string>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "core/base/mutex.h"

namespace millrace {

// Otherwise the writing connection does it behind the commit that fills the log, and that page of a refresh takes
// several times as long as the others. (An import does wait: it must not fill the log faster than it is emptied.)
// Thread-safe.
class Checkpointer {
 public:
  // A page writes some MB to the log: so many stay below the size at which the writing connection copies it itself.
  static constexpr int kPagesPerCheckpoint = 8;

  // Of the catalog at `path`.
  explicit Checkpointer(std::string path) : path_(std::move(path)) {}
  // Waits for a checkpoint that is being made.
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // A page was committed: behind each eighth a checkpoint begins, and goes on beside the caller. One that fails loses
  // nothing, as the log keeps what was not copied, and is tried again with the next.
  void NotePage();

 private:
  void Run();

  const std::string path_;
  Mutex mutex_;
  CondVar changed_;
  int page_count_ ABSL_GUARDED_BY(mutex_) = 0;  // since the last checkpoint began
  bool is_ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_ ABSL_GUARDED_BY(mutex_);  // begun with the first checkpoint
};

}  // namespace millrace
