#include "core/vocabulary/csv_reader.h"

#include "absl/strings/str_cat.h"
#include "core/base/byte_order_mark.h"
#include "core/base/error.h"

namespace millrace {
absl::Status CsvError(int64_t line, size_t column, std::string_view title, std::string_view why) {
  const std::string shown_title = title.empty() ? "" : absl::StrCat(" (", std::string(title), ")");
  return MakeError(Reason::kVocabularyInvalid,
                   absl::StrCat("line ", line, ", column ", column, shown_title, ": ", std::string(why)),
                   {{"line", absl::StrCat(line)}, {"column", absl::StrCat(column)}});
}

CsvReader::CsvReader(std::string_view text) : text_(WithoutByteOrderMark(text)) {}

absl::StatusOr<bool> CsvReader::Next(CsvRecord* record) {
  record->fields.clear();
  while (!text_.empty()) {
    if (parser_.Parse(text_, /*is_final=*/true) == CsvRecordParser::Result::kFault) {
      return CsvError(line_ + parser_.fault_line_offset(), parser_.fault_field_number(), "", parser_.fault());
    }
    record->line = line_;
    line_ += parser_.inner_line_count() + 1;
    text_.remove_prefix(parser_.size_bytes());
    if (parser_.IsEmptyLine()) continue;
    for (const CsvField& field : parser_.fields()) record->fields.emplace_back(field.text);
    return true;
  }
  return false;
}

}  // namespace millrace
