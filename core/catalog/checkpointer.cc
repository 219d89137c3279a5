#include "core/catalog/checkpointer.h"

#include <memory>

#include "absl/status/status.h"
#include "core/base/error.h"
#include "core/catalog/sqlite.h"

namespace millrace {
namespace {

// PASSIVE: waits for nobody, and nobody waits for it. The log is synced before the file is written, and the file before
// the log may be used anew (synchronous=FULL).
absl::Status Checkpoint(const std::string& path, std::unique_ptr<Database>* database) {
  if (*database == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(std::unique_ptr<Database> opened, Database::Open(path, Database::Mode::kReadWrite));
    MILLRACE_RETURN_IF_ERROR(opened->Execute("PRAGMA synchronous=FULL; PRAGMA trusted_schema=OFF"));
    *database = std::move(opened);
  }
  return (*database)->Execute("PRAGMA wal_checkpoint(PASSIVE)");
}

}  // namespace

Checkpointer::~Checkpointer() {
  std::thread thread;
  {
    MutexLock lock(mutex_);
    is_ending_ = true;
    changed_.Signal();
    thread = std::move(thread_);
  }
  if (thread.joinable()) thread.join();
}

void Checkpointer::NotePage() {
  MutexLock lock(mutex_);
  if (++page_count_ < kPagesPerCheckpoint) return;
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  changed_.Signal();
}

void Checkpointer::Run() {
  std::unique_ptr<Database> database;
  while (true) {
    {
      MutexLock lock(mutex_);
      while (!is_ending_ && page_count_ < kPagesPerCheckpoint) changed_.Wait(mutex_);
      if (is_ending_) return;
      page_count_ = 0;
    }
    // After an error a new connection serves better than one with an unknown state.
    if (!Checkpoint(path_, &database).ok()) database.reset();
  }
}

}  // namespace millrace
