// Bytes in pieces of any size -> lines.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace millrace {

// Splits at "\n" and "\r\n", strips a UTF-8 byte order mark from the first line, and takes a last line without its end.
// Lines that lie within one piece are handed on where they stand; only those that straddle pieces are copied. Memory is
// bounded by the longest line allowed. Not thread-safe; after an error only destruction.
class LineSplitter {
 public:
  struct Options {
    int64_t line_size_bytes_max = 16 << 20;
    // As many bytes behind every line are readable; the first is white space.
    size_t padding_bytes = 0;
  };
  struct Handler {
    // A line, without its end; `number` counts from 1.
    std::function<absl::Status(std::string_view line, int64_t number)> line;
    // A line longer than allowed, told once, as soon as it is; its bytes are dropped.
    std::function<absl::Status(int64_t number)> long_line;
  };

  LineSplitter(Options options, Handler handler);
  LineSplitter(const LineSplitter&) = delete;
  LineSplitter& operator=(const LineSplitter&) = delete;

  // Forgets what was written and starts again at line 1.
  void Restart();
  absl::Status Write(std::string_view bytes);
  absl::Status End();

 private:
  absl::Status EndLine(std::string_view line);
  absl::Status EndLineFromBuffer();
  // Appends to the line in the making, or drops the line when that makes it too long.
  absl::Status Keep(std::string_view part);

  const Options options_;
  const Handler handler_;
  std::vector<char> buffer_;  // the start of a line that a later piece goes on with, and padding
  size_t buffered_bytes_ = 0;
  bool is_skipping_ = false;  // within a line that is too long
  int64_t line_number_ = 1;   // of the line in the making
};

}  // namespace millrace
