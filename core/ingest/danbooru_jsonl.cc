#include "core/ingest/danbooru_jsonl.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

DanbooruJsonlReader::DanbooruJsonlReader(RecordSink* sink, int64_t line_size_bytes_max)
    : sink_(sink),
      line_size_bytes_max_(line_size_bytes_max),
      parser_(DanbooruJsonlSchema()),
      splitter_({line_size_bytes_max, JsonPostParser::kPaddingBytes},
                {[this](std::string_view line, int64_t number) { return OnLine(line, number); },
                 [this](int64_t number) { return OnLongLine(number); }}) {}

absl::Status DanbooruJsonlReader::BeginFile(std::string_view name) {
  splitter_.Restart();
  return absl::OkStatus();
}

absl::Status DanbooruJsonlReader::Write(std::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  return splitter_.Write(bytes);
}

absl::Status DanbooruJsonlReader::EndFile() { return splitter_.End(); }

absl::Status DanbooruJsonlReader::OnLine(std::string_view line, int64_t number) {
  if (line.find_first_not_of(" \t\r") == std::string_view::npos) return absl::OkStatus();
  // How many posts are taken between two looks at the flag: some milliseconds.
  constexpr int64_t kLinesPerCheck = 256;
  if (number % kLinesPerCheck == 0) MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  if (parser_.Parse(line)) {
    return sink_->OnPost(parser_.post(), parser_.tags(), number, parser_.duplicate_tag_count());
  }
  RejectedRecord rejected = parser_.rejected();
  rejected.line = number;
  return sink_->OnRejected(std::move(rejected));
}

absl::Status DanbooruJsonlReader::OnLongLine(int64_t number) {
  RejectedRecord rejected;
  rejected.line = number;
  rejected.reason = absl::StrCat("is longer than ", line_size_bytes_max_, " bytes, which is as long as a line may be");
  return sink_->OnRejected(std::move(rejected));
}

}  // namespace millrace
