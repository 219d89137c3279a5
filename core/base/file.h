// Files and folders, with errors that name the path. Everything durable is written here.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

// Creates the folder and its parents, whose names survive a power cut from then on. OK when it exists.
absl::Status CreateFolders(const std::string& path);
// Flushes a folder's entries to the disk: call after a rename or an unlink that must survive a power cut.
absl::Status SyncFolder(const std::string& path);
// Renames a file within one file system and makes that durable (fsync of the target's folder).
absl::Status RenameDurably(const std::string& from, const std::string& to);
// Removes a file. OK when it does not exist.
absl::Status RemoveFile(const std::string& path);

// Bytes that this process may still write to the file system that holds `path`.
absl::StatusOr<int64_t> FreeDiskBytes(const std::string& path);

// A file being written: buffered, append-only. Not thread-safe. Closing without Sync keeps what the
// operating system keeps; the destructor closes.
class FileWriter {
 public:
  // Creates the file, or truncates it.
  static absl::StatusOr<std::unique_ptr<FileWriter>> Create(const std::string& path);
  ~FileWriter();
  FileWriter(const FileWriter&) = delete;
  FileWriter& operator=(const FileWriter&) = delete;

  absl::Status Append(const void* data, size_t size_bytes);
  // Writes out the buffer and flushes the file to the disk.
  absl::Status Sync();
  // Writes out the buffer, so that other readers of the path see it.
  absl::Status Flush();
  int64_t size_bytes() const { return size_bytes_; }
  const std::string& path() const { return path_; }

 private:
  FileWriter(std::string path, int fd);
  absl::Status WriteOut(const char* data, size_t size_bytes);

  const std::string path_;
  const int fd_;
  std::string buffer_;
  int64_t size_bytes_ = 0;
};

// An exclusive lock on a folder, by flock(2) on a file LOCK in it. Held until destruction; the kernel
// releases it when the process dies, however it dies.
class FolderLock {
 public:
  // kDataFolderLocked when another process holds it; the message names that process.
  static absl::StatusOr<std::unique_ptr<FolderLock>> Acquire(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  explicit FolderLock(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace millrace
