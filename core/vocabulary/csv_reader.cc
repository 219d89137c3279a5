#include "core/vocabulary/csv_reader.h"

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

size_t ColumnOf(const CsvRecord& record) { return record.fields.size() + 1; }

}  // namespace

absl::Status CsvError(int64_t line, size_t column, std::string_view title, std::string_view why) {
  const std::string shown_title = title.empty() ? "" : absl::StrCat(" (", std::string(title), ")");
  return MakeError(Reason::kVocabularyInvalid,
                   absl::StrCat("line ", line, ", column ", column, shown_title, ": ", std::string(why)),
                   {{"line", absl::StrCat(line)}, {"column", absl::StrCat(column)}});
}

CsvReader::CsvReader(std::string_view text) : text_(text) {
  if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
}

bool CsvReader::AtLineEnd() const {
  return place_ == text_.size() || text_[place_] == '\n' || text_.substr(place_, 2) == "\r\n";
}

void CsvReader::SkipLineEnd() {
  if (place_ == text_.size()) return;
  place_ += text_[place_] == '\n' ? 1 : 2;
  ++line_;
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord* record) {
  record->fields.clear();
  while (place_ < text_.size() && AtLineEnd()) SkipLineEnd();
  if (place_ == text_.size()) return false;
  record->line = line_;
  while (true) {
    std::string field;
    MILLRACE_RETURN_IF_ERROR(ReadField(*record, &field));
    record->fields.push_back(std::move(field));
    if (AtLineEnd()) break;
    ++place_;  // the comma
  }
  SkipLineEnd();
  return true;
}

absl::Status CsvReader::ReadField(const CsvRecord& record, std::string* field) {
  if (place_ < text_.size() && text_[place_] == '"') return ReadQuoted(record, field);
  const size_t begin = place_;
  while (!AtLineEnd() && text_[place_] != ',') {
    if (text_[place_] == '"') {
      return CsvError(line_, ColumnOf(record), "",
                      "a quote stands inside a field that does not begin with one. Put the whole field in quotes and "
                      "write each quote in it twice.");
    }
    if (text_[place_] == '\r') {
      return CsvError(line_, ColumnOf(record), "",
                      "a carriage return stands by itself. End lines in LF or CRLF, or put the field in quotes.");
    }
    ++place_;
  }
  *field = std::string(text_.substr(begin, place_ - begin));
  return absl::OkStatus();
}

absl::Status CsvReader::ReadQuoted(const CsvRecord& record, std::string* field) {
  const int64_t first_line = line_;
  ++place_;
  while (true) {
    const size_t quote = text_.find('"', place_);
    if (quote == std::string_view::npos) {
      return CsvError(first_line, ColumnOf(record), "",
                      "a quoted field does not end. Close it with a quote, and write each quote in it twice.");
    }
    const std::string_view part = text_.substr(place_, quote - place_);
    for (const char c : part) line_ += c == '\n' ? 1 : 0;
    *field += part;
    place_ = quote + 1;
    if (place_ == text_.size() || text_[place_] != '"') break;
    *field += '"';
    ++place_;
  }
  if (AtLineEnd() || text_[place_] == ',') return absl::OkStatus();
  return CsvError(
      line_, ColumnOf(record), "",
      "text stands behind a closing quote. Put the whole field in quotes and write each quote in it twice.");
}

}  // namespace millrace
