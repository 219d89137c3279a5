// The connections to the catalog's file: one that writes, and as many as needed, up to a bound, that read.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/catalog/checkpointer.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/sqlite.h"

namespace millrace {

// Thread-safe.
class Connections {
 public:
  // More reads at a time than this wait for one to end.
  static constexpr int kReaderCountMax = 16;

  // Opens the writing connection, migrates the file and sets what makes writes durable.
  static absl::StatusOr<std::unique_ptr<Connections>> Open(const std::string& path, int64_t cache_size_bytes,
                                                           int64_t disk_headroom_bytes);

  // kDiskFull when less than disk_headroom_bytes are left on the disk. Ask before a write that may be large.
  absl::Status CheckDiskHeadroom() const;

  // Runs `work` in a write transaction and commits it when `work` succeeds; otherwise, or when the commit
  // fails, nothing of it stays. One at a time: do not wait for anything but the disk in `work`.
  absl::Status Write(const std::function<absl::Status(Database&)>& work);

  // To be used only within the work of a Write, which has its lock. A Write that is not committed empties it.
  RecentTags* recent_tags() { return &recent_tags_; }

  // Behind a Write of a page of a refresh: now and then the log is copied into the file, beside the caller.
  void NotePage() { checkpointer_.NotePage(); }

  // Runs `work` in a read transaction: it sees the committed state of one moment.
  absl::Status Read(const std::function<absl::Status(Database&)>& work);

  // A reading connection for the caller alone, with temporary tables of its own.
  absl::StatusOr<std::unique_ptr<Database>> OpenReader() const;

 private:
  Connections(std::string path, int64_t disk_headroom_bytes)
      : path_(std::move(path)), disk_headroom_bytes_(disk_headroom_bytes), checkpointer_(path_) {}
  absl::StatusOr<std::unique_ptr<Database>> TakeReader();
  void ReturnReader(std::unique_ptr<Database> reader);

  const std::string path_;
  const int64_t disk_headroom_bytes_;

  Mutex writer_mutex_;
  std::unique_ptr<Database> writer_ ABSL_PT_GUARDED_BY(writer_mutex_);
  RecentTags recent_tags_;  // guarded by writer_mutex_, through which the analysis cannot see into a Write's work

  Mutex readers_mutex_;
  CondVar reader_returned_;
  std::vector<std::unique_ptr<Database>> idle_readers_ ABSL_GUARDED_BY(readers_mutex_);
  int reader_count_ ABSL_GUARDED_BY(readers_mutex_) = 0;  // idle or in use

  Checkpointer checkpointer_;  // ends first: the connection that closes last copies and removes the log
};

}  // namespace millrace
