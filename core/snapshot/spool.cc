#include "core/snapshot/spool.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"

namespace millrace::snapshot_file {
namespace {

// Of whole blocks, and small enough to stay in the processor's cache between reading and hashing.
constexpr size_t kCopyPieceBytes = 4 * kBlockBytes;

}  // namespace

Spool::~Spool() {
  if (read_fd_ >= 0) close(read_fd_);
}

absl::Status Spool::Append(const void* data, size_t size_bytes) {
  if (file_ == nullptr) {
    MILLRACE_ASSIGN_OR_RETURN(file_, FileWriter::Create(path_));
  }
  return file_->Append(data, size_bytes);
}

absl::Status Spool::AppendZeros(uint64_t size_bytes) {
  static constexpr char kZeros[4096] = {};
  while (size_bytes > 0) {
    const uint64_t count = std::min<uint64_t>(size_bytes, sizeof kZeros);
    MILLRACE_RETURN_IF_ERROR(Append(kZeros, count));
    size_bytes -= count;
  }
  return absl::OkStatus();
}

absl::Status Spool::OpenForReading() {
  MILLRACE_RETURN_IF_ERROR(file_->Flush());
  read_fd_ = open(path_.c_str(), O_RDONLY | O_CLOEXEC);
  return read_fd_ < 0 ? ErrnoError(errno, absl::StrCat("open ", path_)) : absl::OkStatus();
}

absl::Status Spool::ReadPiece(std::string* piece, size_t* size_bytes) {
  *size_bytes = 0;
  while (*size_bytes < piece->size()) {
    const ssize_t count = read(read_fd_, piece->data() + *size_bytes, piece->size() - *size_bytes);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoError(errno, absl::StrCat("read ", path_));
    if (count == 0) break;
    *size_bytes += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

absl::Status Spool::Remove() {
  close(read_fd_);
  read_fd_ = -1;
  file_.reset();
  return RemoveFile(path_);
}

absl::Status CopyToSection(Spool& spool, std::string_view name, ElementType type, SectionFile* file) {
  file->Begin(name, type);
  MILLRACE_RETURN_IF_ERROR(spool.Drain(
      kCopyPieceBytes, [&](const char* data, size_t size_bytes) { return file->Append(data, size_bytes); }));
  return file->End();
}

}  // namespace millrace::snapshot_file
