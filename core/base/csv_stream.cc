#include "core/base/csv_stream.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/byte_order_mark.h"
#include "core/base/error.h"

namespace millrace {
CsvStream::CsvStream(int64_t record_size_bytes_max, Handler handler)
    : record_size_bytes_max_(record_size_bytes_max), handler_(std::move(handler)) {}

void CsvStream::Restart() {
  buffer_.clear();
  is_in_quotes_ = false;
  mark_size_bytes_ = 0;
  is_mark_over_ = false;
  line_ = 1;
}

absl::Status CsvStream::Write(std::string_view bytes) {
  if (!is_mark_over_) bytes = SkipByteOrderMark(bytes);
  while (!bytes.empty()) {
    if (!buffer_.empty()) {
      const size_t size = FindRecordEnd(bytes);
      MILLRACE_RETURN_IF_ERROR(Keep(bytes.substr(0, size)));
      if (size == std::string_view::npos) return absl::OkStatus();
      bytes.remove_prefix(size);
      MILLRACE_RETURN_IF_ERROR(TakeBuffer());
      continue;
    }
    switch (parser_.Parse(bytes, /*is_final=*/false)) {
      case CsvRecordParser::Result::kRecord:
        MILLRACE_RETURN_IF_ERROR(HandOn(bytes));
        bytes.remove_prefix(parser_.size_bytes());
        break;
      case CsvRecordParser::Result::kFault:
        return Fault();
      case CsvRecordParser::Result::kNeedMore:
        FindRecordEnd(bytes);
        return Keep(bytes);
    }
  }
  return absl::OkStatus();
}

absl::Status CsvStream::End() {
  if (!is_mark_over_ && mark_size_bytes_ < kByteOrderMark.size()) {
    MILLRACE_RETURN_IF_ERROR(Keep(kByteOrderMark.substr(0, mark_size_bytes_)));
  }
  return buffer_.empty() ? absl::OkStatus() : TakeBuffer();
}

// A mark may straddle pieces, too; what began like one and is none belongs to the text.
std::string_view CsvStream::SkipByteOrderMark(std::string_view bytes) {
  while (!bytes.empty() && mark_size_bytes_ < kByteOrderMark.size() && bytes[0] == kByteOrderMark[mark_size_bytes_]) {
    ++mark_size_bytes_;
    bytes.remove_prefix(1);
  }
  if (mark_size_bytes_ == kByteOrderMark.size() || !bytes.empty()) is_mark_over_ = true;
  if (is_mark_over_ && mark_size_bytes_ < kByteOrderMark.size()) {
    buffer_.append(kByteOrderMark.substr(0, mark_size_bytes_));
  }
  return bytes;
}

// Whether a place is within quotes is a matter of how many quotes stand before it, so that no byte is looked at twice
// however small the pieces are. In text that is no CSV that may be wrong; then the parser finds the fault.
size_t CsvStream::FindRecordEnd(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '"') is_in_quotes_ = !is_in_quotes_;
    if (bytes[i] == '\n' && !is_in_quotes_) return i + 1;
  }
  return std::string_view::npos;
}

absl::Status CsvStream::Keep(std::string_view bytes) {
  buffer_.append(bytes);
  return static_cast<int64_t>(buffer_.size()) > record_size_bytes_max_ ? LongRecordFault() : absl::OkStatus();
}

absl::Status CsvStream::TakeBuffer() {
  // Without more to come the parser can only find a record or a fault.
  const CsvRecordParser::Result result = parser_.Parse(buffer_, /*is_final=*/true);
  if (result == CsvRecordParser::Result::kFault) return Fault();
  MILLRACE_RETURN_IF_ERROR(HandOn(buffer_));
  buffer_.clear();
  is_in_quotes_ = false;
  return absl::OkStatus();
}

absl::Status CsvStream::HandOn(std::string_view text) {
  // A long one may also come in one piece; what is allowed should not depend on that.
  if (static_cast<int64_t>(parser_.size_bytes()) > record_size_bytes_max_) return LongRecordFault();
  const int64_t line = line_;
  line_ += parser_.inner_line_count() + 1;
  if (parser_.IsEmptyLine()) return absl::OkStatus();
  return handler_.record({parser_.fields(), text.substr(0, parser_.size_bytes()), line});
}

absl::Status CsvStream::Fault() {
  return handler_.fault(line_ + parser_.fault_line_offset(), parser_.fault_field_number(), parser_.fault());
}

absl::Status CsvStream::LongRecordFault() {
  return handler_.fault(
      line_, 0,
      absl::StrCat("the record that begins here is longer than ", record_size_bytes_max_,
                   " bytes, which is as long as one may be. Is the closing quote of a field missing?"));
}

}  // namespace millrace
