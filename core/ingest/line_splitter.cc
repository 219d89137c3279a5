#include "core/ingest/line_splitter.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/byte_order_mark.h"
#include "core/base/error.h"

namespace millrace {

LineSplitter::LineSplitter(Options options, Handler handler) : options_(options), handler_(std::move(handler)) {}

void LineSplitter::Restart() {
  buffered_bytes_ = 0;
  is_skipping_ = false;
  line_number_ = 1;
}

absl::Status LineSplitter::Write(std::string_view bytes) {
  while (!bytes.empty()) {
    const void* const newline = std::memchr(bytes.data(), '\n', bytes.size());
    if (newline == nullptr) return Keep(bytes);
    const size_t size = static_cast<size_t>(static_cast<const char*>(newline) - bytes.data());
    const std::string_view part = bytes.substr(0, size);
    // Behind a line that is handed on in place must be enough of the piece to read over its end.
    const bool in_place = buffered_bytes_ == 0 && !is_skipping_ && bytes.size() - size >= options_.padding_bytes;
    if (in_place && static_cast<int64_t>(size) <= options_.line_size_bytes_max) {
      MILLRACE_RETURN_IF_ERROR(EndLine(part));
    } else {
      MILLRACE_RETURN_IF_ERROR(Keep(part));
      MILLRACE_RETURN_IF_ERROR(EndLineFromBuffer());
    }
    bytes.remove_prefix(size + 1);
  }
  return absl::OkStatus();
}

absl::Status LineSplitter::End() {
  if (buffered_bytes_ == 0 && !is_skipping_) return absl::OkStatus();
  return EndLineFromBuffer();
}

absl::Status LineSplitter::Keep(std::string_view part) {
  if (is_skipping_) return absl::OkStatus();
  const size_t size = buffered_bytes_ + part.size();
  if (static_cast<int64_t>(size) > options_.line_size_bytes_max) {
    buffered_bytes_ = 0;
    is_skipping_ = true;
    return handler_.long_line(line_number_);
  }
  if (buffer_.size() < size + options_.padding_bytes) {
    const size_t size_bytes_max = static_cast<size_t>(options_.line_size_bytes_max) + options_.padding_bytes;
    buffer_.resize(std::min(std::max(size + options_.padding_bytes, 2 * buffer_.size()), size_bytes_max));
  }
  std::memcpy(buffer_.data() + buffered_bytes_, part.data(), part.size());
  buffered_bytes_ = size;
  return absl::OkStatus();
}

absl::Status LineSplitter::EndLineFromBuffer() {
  const std::string_view line(buffer_.data(), buffered_bytes_);
  if (!is_skipping_ && !buffer_.empty()) {
    std::memset(buffer_.data() + buffered_bytes_, ' ', options_.padding_bytes);
  }
  buffered_bytes_ = 0;
  if (!is_skipping_) return EndLine(line);
  is_skipping_ = false;
  ++line_number_;
  return absl::OkStatus();
}

absl::Status LineSplitter::EndLine(std::string_view line) {
  if (line_number_ == 1) line = WithoutByteOrderMark(line);
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return handler_.line(line, line_number_++);
}

}  // namespace millrace
