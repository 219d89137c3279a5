// Comma-separated values as RFC 4180 has them, a record at a time, from memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"

namespace millrace {

struct CsvField {
  std::string_view text;   // without the quotes around it, quotes in it single
  bool is_quoted = false;  // in some dialects an empty field is null without quotes and empty text with them
};

// Cuts the record at the start of a text into its fields. Records end in LF or CRLF. Fields lie where they stand in the
// text; only those with quotes in them are copied, into memory that is kept from record to record. Not thread-safe.
class CsvRecordParser {
 public:
  // More fields are a fault: they would take many times the memory of the text.
  static constexpr size_t kFieldCountMax = 4096;

  enum class Result {
    kRecord,    // the text begins with a whole record
    kNeedMore,  // the text ends within a record, and more may come
    kFault,     // the text is not CSV
  };

  // `is_final`: no text follows this one, so that its end is a record's end. An empty line is a record of one empty
  // field without quotes, and so is an empty text when it is final.
  Result Parse(std::string_view text, bool is_final);

  // Behind kRecord, until the next Parse and as long as the text.
  absl::Span<const CsvField> fields() const { return fields_; }
  bool IsEmptyLine() const { return fields_.size() == 1 && fields_[0].text.empty() && !fields_[0].is_quoted; }
  // Of the text, with the record's line end.
  size_t size_bytes() const { return size_bytes_; }
  // Line ends in the record, without its own.
  int64_t inner_line_count() const { return inner_line_count_; }

  // Behind kFault: the number of line ends before the fault, the number of the field from 1, and what is wrong.
  int64_t fault_line_offset() const { return fault_line_offset_; }
  size_t fault_field_number() const { return fault_field_number_; }
  std::string_view fault() const { return fault_; }

 private:
  // The quoted field that begins at `place`, which is put behind it.
  Result ParseQuoted(std::string_view text, bool is_final, size_t* place);
  Result Fault(int64_t line_offset, std::string_view why);
  // Makes the quotes of the fields in `doubled_` single.
  void Unescape();

  std::vector<CsvField> fields_;
  std::vector<size_t> doubled_;  // fields whose quotes are doubled still
  std::string unescaped_;
  size_t size_bytes_ = 0;
  int64_t inner_line_count_ = 0;
  int64_t fault_line_offset_ = 0;
  size_t fault_field_number_ = 0;
  std::string_view fault_;
};

}  // namespace millrace
