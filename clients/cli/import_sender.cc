#include "clients/cli/import_sender.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "clients/cli/picture_facts.h"

namespace millrace::cli {
namespace {

constexpr size_t kChunkSizeBytes = 256 << 10;

}  // namespace

ImportSender::ImportSender(grpc::ClientContext* context, Stream* stream, const Interrupt& interrupt,
                           const v1::ImportStart& start, std::vector<InputFile> files, bool with_md5)
    : context_(context),
      stream_(stream),
      interrupt_(interrupt),
      start_(start),
      files_(std::move(files)),
      with_md5_(with_md5),
      stop_fd_(eventfd(0, EFD_CLOEXEC)),
      thread_([this] { Run(); }) {}

ImportSender::~ImportSender() {
  Stop();
  close(stop_fd_);
}

void ImportSender::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t written = write(stop_fd_, &one, sizeof one);
  thread_.join();
}

void ImportSender::Run() {
  v1::ImportRequest request;
  *request.mutable_start() = start_;
  // A failed write means that the call is over; its status tells why.
  if (!stream_->Write(request)) return;
  for (const InputFile& file : files_) {
    if (interrupt_.TrippedOrPending()) break;
    if (!(file.picture.has_value() ? SendSidecar(file) : SendFile(file))) return;
  }
  // The end of a pipe whose writer was interrupted, with us, is not the end of the dump.
  if (interrupt_.TrippedOrPending()) {
    context_->TryCancel();
    return;
  }
  request.mutable_end()->set_file_count(static_cast<int64_t>(files_.size()));
  request.mutable_end()->set_byte_count(byte_count_);
  end_sent_.store(true, std::memory_order_release);
  stream_->WriteLast(request, grpc::WriteOptions());
}

bool ImportSender::SendFile(const InputFile& file) {
  v1::ImportRequest request;
  request.mutable_file()->set_name(file.name);
  if (!stream_->Write(request)) return false;
  if (file.path == "-") return SendBytes(STDIN_FILENO, file);
  const int fd = open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(file, errno);
  const bool sent = SendBytes(fd, file);
  close(fd);
  return sent;
}

bool ImportSender::SendSidecar(const InputFile& file) {
  v1::ImportRequest request;
  v1::ImportFile& message = *request.mutable_file();
  message.set_name(file.name);
  DescribePicture(*file.picture, with_md5_, message.mutable_picture());
  if (file.path.empty()) return stream_->Write(request);
  const int fd = open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(file, errno);
  std::string& content = *message.mutable_content();
  content.resize(static_cast<size_t>(std::min<int64_t>(file.size_bytes.value_or(0), kChunkSizeBytes)));
  const ssize_t size_bytes = read(fd, content.data(), content.size());
  const int read_error = errno;
  content.resize(static_cast<size_t>(std::max<ssize_t>(size_bytes, 0)));
  byte_count_ += static_cast<int64_t>(content.size());
  // The rest of a large one.
  const bool sent = size_bytes < 0 ? Fail(file, read_error) : stream_->Write(request) && SendBytes(fd, file);
  close(fd);
  return sent;
}

bool ImportSender::SendBytes(int fd, const InputFile& file) {
  v1::ImportRequest request;
  std::string& chunk = *request.mutable_chunk();
  while (true) {
    if (!WaitReadable(fd)) return false;
    chunk.resize(kChunkSizeBytes);
    const ssize_t size_bytes = read(fd, chunk.data(), chunk.size());
    if (size_bytes < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (size_bytes < 0) return Fail(file, errno);
    if (size_bytes == 0) return true;
    chunk.resize(static_cast<size_t>(size_bytes));
    if (!stream_->Write(request)) return false;
    byte_count_ += size_bytes;
  }
}

bool ImportSender::WaitReadable(int fd) const {
  pollfd fds[] = {{fd, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  while (poll(fds, 2, -1) < 0 && errno == EINTR) {
  }
  return fds[1].revents == 0;
}

bool ImportSender::Fail(const InputFile& file, int error_number) {
  error_ = absl::StrCat("cannot read ", file.name, ": ", std::strerror(error_number));
  context_->TryCancel();
  return false;
}

}  // namespace millrace::cli
