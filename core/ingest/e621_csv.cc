#include "core/ingest/e621_csv.h"

#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "simdjson.h"

namespace millrace {
namespace {

// How many records are taken between two looks at the flag: some milliseconds.
constexpr int64_t kRecordsPerCheck = 256;

}  // namespace

E621CsvReader::E621CsvReader(RecordSink* sink, int64_t record_size_bytes_max)
    : sink_(sink),
      stream_(record_size_bytes_max, {[this](const CsvStream::Record& record) { return OnRecord(record); },
                                      [this](int64_t line, size_t field_number, std::string_view why) {
                                        return FileError(line, field_number, why);
                                      }}) {}

absl::Status E621CsvReader::BeginFile(std::string_view name) {
  name_ = name;
  table_.reset();
  stream_.Restart();
  return absl::OkStatus();
}

absl::Status E621CsvReader::Write(std::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  return stream_.Write(bytes);
}

absl::Status E621CsvReader::EndFile() {
  MILLRACE_RETURN_IF_ERROR(stream_.End());
  if (table_ != nullptr) return absl::OkStatus();
  return FileError(1, 0, "the file is empty; an export begins with a line that names its columns.");
}

absl::Status E621CsvReader::OnRecord(const CsvStream::Record& record) {
  if (table_ == nullptr) return OnHeader(record);
  if (++record_count_ % kRecordsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  RejectedRecord rejected;
  rejected.line = record.line;
  if (record.fields.size() != table_->column_count()) {
    rejected.reason = absl::StrCat("has ", record.fields.size(), " fields, and the first line names ",
                                   table_->column_count(), " columns");
  } else if (!simdjson::validate_utf8(record.bytes.data(), record.bytes.size())) {
    rejected.reason = "is not valid UTF-8";
  } else if (std::memchr(record.bytes.data(), '\0', record.bytes.size()) != nullptr) {
    rejected.reason = "holds a NUL byte";
  } else {
    return table_->OnRecord(record.fields, record.line);
  }
  return sink_->OnRejected(std::move(rejected));
}

absl::Status E621CsvReader::OnHeader(const CsvStream::Record& record) {
  // Names without a field of ours become keys of JSON.
  if (!simdjson::validate_utf8(record.bytes.data(), record.bytes.size())) {
    return FileError(record.line, 0, "the names of the columns are not valid UTF-8.");
  }
  std::vector<std::string> columns;
  for (const CsvField& field : record.fields) columns.emplace_back(field.text);
  std::string why;
  table_ = MakeE621CsvTable(std::move(columns), name_, sink_, &why);
  return table_ != nullptr ? absl::OkStatus() : FileError(record.line, 0, why);
}

absl::Status E621CsvReader::FileError(int64_t line, size_t field_number, std::string_view why) const {
  std::string place = absl::StrCat(name_, ", line ", line);
  ErrorMetadata metadata{{"file", name_}, {"line", absl::StrCat(line)}};
  if (field_number > 0) {
    absl::StrAppend(&place, ", field ", field_number);
    metadata.emplace("field_number", absl::StrCat(field_number));
  }
  return MakeError(Reason::kFileInvalid, absl::StrCat(place, ": ", std::string(why)), metadata);
}

}  // namespace millrace
