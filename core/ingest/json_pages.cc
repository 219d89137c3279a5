#include "core/ingest/json_pages.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

JsonPagesReader::JsonPagesReader(RecordSink* sink, const JsonPostSchema& schema, int64_t record_size_bytes_max)
    : sink_(sink),
      record_size_bytes_max_(record_size_bytes_max),
      parser_(schema),
      splitter_({record_size_bytes_max, JsonPostParser::kPaddingBytes, schema.wrappers, schema.page_mark},
                {[this](std::string_view text, int64_t number) { return OnRecord(text, number); },
                 [this](int64_t number) { return OnLongRecord(number); }}) {}

absl::Status JsonPagesReader::BeginFile(std::string_view name) {
  splitter_.Restart(name);
  return absl::OkStatus();
}

absl::Status JsonPagesReader::Write(std::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  return splitter_.Write(bytes);
}

absl::Status JsonPagesReader::EndFile() { return splitter_.End(); }

absl::Status JsonPagesReader::OnRecord(std::string_view text, int64_t number) {
  // How many posts are taken between two looks at the flag: some milliseconds.
  constexpr int64_t kRecordsPerCheck = 256;
  if (number % kRecordsPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  bool is_good = parser_.Parse(text);
  if (!is_good) {
    // Where nesting is broken the parser looks at the byte behind the record, which differs with the pieces that the
    // file comes in. What is said of the record must not.
    again_.assign(text).append(JsonPostParser::kPaddingBytes, ' ');
    is_good = parser_.Parse({again_.data(), text.size()});
  }
  if (is_good) {
    return sink_->OnPost(parser_.post(), parser_.tags(), number, parser_.duplicate_tag_count());
  }
  RejectedRecord rejected = parser_.rejected();
  rejected.line = number;
  return sink_->OnRejected(std::move(rejected));
}

absl::Status JsonPagesReader::OnLongRecord(int64_t number) {
  RejectedRecord rejected;
  rejected.line = number;
  rejected.reason =
      absl::StrCat("is longer than ", record_size_bytes_max_, " bytes, which is as long as a record may be");
  return sink_->OnRejected(std::move(rejected));
}

}  // namespace millrace
