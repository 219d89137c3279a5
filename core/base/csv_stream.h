// Comma-separated values in pieces of any size -> records.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/csv.h"

namespace millrace {

// Records that lie within one piece are handed on where they stand; only those that straddle pieces are copied. Memory
// is bounded by the longest record allowed. A byte order mark at the start and empty lines are skipped. Not
// thread-safe; after an error only destruction.
class CsvStream {
 public:
  struct Record {
    absl::Span<const CsvField> fields;
    std::string_view bytes;  // all of it, with its line end
    int64_t line = 0;        // where it begins, from 1; a quoted field may hold line ends
  };
  // Both are borrowed for the call, and what they return ends the stream unless it is OK.
  struct Handler {
    std::function<absl::Status(const Record& record)> record;
    // The text is not CSV, or a record longer than allowed. What follows cannot be cut into records, since a quote
    // too many turns the rest inside out. `field_number` from 1; 0 for the record as a whole. Returns the error.
    std::function<absl::Status(int64_t line, size_t field_number, std::string_view why)> fault;
  };

  CsvStream(int64_t record_size_bytes_max, Handler handler);
  CsvStream(const CsvStream&) = delete;
  CsvStream& operator=(const CsvStream&) = delete;

  // Forgets what was written and starts again at line 1.
  void Restart();
  absl::Status Write(std::string_view bytes);
  absl::Status End();

 private:
  std::string_view SkipByteOrderMark(std::string_view bytes);
  // The size of what belongs to the record in buffer_; npos: all of `bytes`, and more is to come.
  size_t FindRecordEnd(std::string_view bytes);
  absl::Status Keep(std::string_view bytes);
  absl::Status TakeBuffer();
  absl::Status HandOn(std::string_view text);
  absl::Status Fault();
  absl::Status LongRecordFault();

  const int64_t record_size_bytes_max_;
  const Handler handler_;
  CsvRecordParser parser_;
  std::string buffer_;          // the start of a record that a later piece goes on with
  bool is_in_quotes_ = false;   // at the end of buffer_
  size_t mark_size_bytes_ = 0;  // of the byte order mark, as far as it was seen
  bool is_mark_over_ = false;
  int64_t line_ = 1;  // of the next record
};

}  // namespace millrace
