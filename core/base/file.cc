#include "core/base/file.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

constexpr size_t kWriteBufferBytes = 1 << 20;

std::string ParentOf(const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent;
}

// What kept a folder from being synced, if anything did.
struct SyncFailure {
  int error_number = 0;  // 0: nothing
  bool is_open = false;  // it failed behind that
};

SyncFailure TrySync(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return {errno, false};
  const int error_number = fsync(fd) == 0 ? 0 : errno;
  close(fd);
  return {error_number, true};
}

absl::Status ErrorOf(const SyncFailure& failure, const std::string& path) {
  if (failure.error_number == 0) return absl::OkStatus();
  return ErrnoError(failure.error_number, absl::StrCat(failure.is_open ? "sync folder " : "open folder ", path));
}

// Of a folder above ours, which may be none of our making.
absl::Status SyncIfItCan(const std::string& path) {
  const SyncFailure failure = TrySync(path);
  // Of a kind that has no sync (autofs, squashfs, proc), or one that nothing can be written to.
  if (failure.is_open && (failure.error_number == EINVAL || failure.error_number == EROFS)) return absl::OkStatus();
  // Not ours to read: whoever owns it looks after its names.
  if (!failure.is_open && failure.error_number == EACCES) return absl::OkStatus();
  return ErrorOf(failure, path);
}

}  // namespace

absl::Status SyncFolder(const std::string& path) { return ErrorOf(TrySync(path), path); }

absl::Status CreateFolders(const std::string& given_path) {
  std::string path = given_path;
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const std::string parent = ParentOf(path);
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    if (parent != path) MILLRACE_RETURN_IF_ERROR(CreateFolders(parent));
    const int error_number = mkdir(path.c_str(), 0777) == 0 ? 0 : errno;
    if (error_number != 0 && !std::filesystem::is_directory(path, error)) {
      return ErrnoError(error_number, absl::StrCat("create folder ", path));
    }
  }
  // Its name lies in the parent. One that was there already is synced all the same: whoever made it may have been
  // killed before it came to this.
  return SyncIfItCan(parent);
}

absl::Status RenameDurably(const std::string& from, const std::string& to) {
  if (rename(from.c_str(), to.c_str()) != 0) {
    return ErrnoError(errno, absl::StrCat("rename ", from, " to ", to));
  }
  return SyncFolder(ParentOf(to));
}

absl::Status RemoveFile(const std::string& path) {
  if (unlink(path.c_str()) != 0 && errno != ENOENT) return ErrnoError(errno, absl::StrCat("remove ", path));
  return absl::OkStatus();
}

absl::StatusOr<int64_t> FreeDiskBytes(const std::string& path) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(path, error);
  if (error) return ErrnoError(error.value(), absl::StrCat("free space of ", path));
  return static_cast<int64_t>(space.available);
}

FileWriter::FileWriter(std::string path, int fd) : path_(std::move(path)), fd_(fd) {
  buffer_.reserve(kWriteBufferBytes);
}

absl::StatusOr<std::unique_ptr<FileWriter>> FileWriter::Create(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoError(errno, absl::StrCat("create ", path));
  return std::unique_ptr<FileWriter>(new FileWriter(path, fd));
}

FileWriter::~FileWriter() { close(fd_); }

absl::Status FileWriter::WriteOut(const char* data, size_t size_bytes) {
  while (size_bytes > 0) {
    const ssize_t written = write(fd_, data, size_bytes);
    if (written < 0) {
      if (errno == EINTR) continue;
      return ErrnoError(errno, absl::StrCat("write ", path_));
    }
    data += written;
    size_bytes -= static_cast<size_t>(written);
  }
  return absl::OkStatus();
}

absl::Status FileWriter::Append(const void* data, size_t size_bytes) {
  const char* bytes = static_cast<const char*>(data);
  size_bytes_ += static_cast<int64_t>(size_bytes);
  if (buffer_.size() + size_bytes > kWriteBufferBytes) {
    MILLRACE_RETURN_IF_ERROR(Flush());
    if (size_bytes >= kWriteBufferBytes) return WriteOut(bytes, size_bytes);
  }
  buffer_.append(bytes, size_bytes);
  return absl::OkStatus();
}

absl::Status FileWriter::Flush() {
  MILLRACE_RETURN_IF_ERROR(WriteOut(buffer_.data(), buffer_.size()));
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status FileWriter::Sync() {
  MILLRACE_RETURN_IF_ERROR(Flush());
  if (fsync(fd_) != 0) return ErrnoError(errno, absl::StrCat("sync ", path_));
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<FolderLock>> FolderLock::Acquire(const std::string& folder) {
  const std::string path = absl::StrCat(folder, "/LOCK");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd < 0) return ErrnoError(errno, absl::StrCat("open ", path));
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    const int error_number = errno;
    char owner[32] = {};
    const ssize_t size = pread(fd, owner, sizeof owner - 1, 0);
    close(fd);
    if (error_number != EWOULDBLOCK) return ErrnoError(error_number, absl::StrCat("lock ", path));
    return MakeError(Reason::kDataFolderLocked,
                     absl::StrCat("the data folder ", folder, " is in use by process ", size > 0 ? owner : "(unknown)",
                                  ". Stop that server, or give this one another --data-dir."));
  }
  // The process id only serves the message above, so a failure to write it does not matter.
  const std::string pid = absl::StrCat(getpid());
  if (ftruncate(fd, 0) != 0 || pwrite(fd, pid.data(), pid.size(), 0) < 0) errno = 0;
  return std::unique_ptr<FolderLock>(new FolderLock(fd));
}

FolderLock::~FolderLock() { close(fd_); }

}  // namespace millrace
