// Danbooru 2017-2020 JSON lines.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/ingest/json_post_parser.h"
#include "core/ingest/line_splitter.h"
#include "core/ingest/reader.h"

namespace millrace {

// Blank lines are skipped. A line that is no post is rejected by itself and the next one is read. Not thread-safe.
class DanbooruJsonlReader : public DumpReader {
 public:
  // `sink` is borrowed.
  DanbooruJsonlReader(RecordSink* sink, int64_t line_size_bytes_max);

  absl::Status BeginFile(std::string_view name) override;
  absl::Status Write(std::string_view bytes) override;
  absl::Status EndFile() override;

 private:
  absl::Status OnLine(std::string_view line, int64_t number);
  absl::Status OnLongLine(int64_t number);

  RecordSink* const sink_;
  const int64_t line_size_bytes_max_;
  JsonPostParser parser_;
  LineSplitter splitter_;
};

}  // namespace millrace
