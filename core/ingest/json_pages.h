// Pages of JSON, as the APIs of boards give them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/ingest/json_post_parser.h"
#include "core/ingest/json_splitter.h"
#include "core/ingest/reader.h"

namespace millrace {

// A file is a page or several, or one list of any length (JsonSplitter). A record that is no post is rejected by
// itself; a file whose lists cannot be told apart is kFileInvalid. Records are numbered from 1 within their file. Not
// thread-safe.
class JsonPagesReader : public DumpReader {
 public:
  // `sink` and `schema` are borrowed.
  JsonPagesReader(RecordSink* sink, const JsonPostSchema& schema, int64_t record_size_bytes_max);

  absl::Status BeginFile(std::string_view name) override;
  absl::Status Write(std::string_view bytes) override;
  absl::Status EndFile() override;

 private:
  absl::Status OnRecord(std::string_view text, int64_t number);
  absl::Status OnLongRecord(int64_t number);

  RecordSink* const sink_;
  const int64_t record_size_bytes_max_;
  JsonPostParser parser_;
  std::string again_;  // a record that was refused, with blanks behind it
  JsonSplitter splitter_;
};

}  // namespace millrace
