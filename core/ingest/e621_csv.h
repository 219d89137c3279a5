// e621's daily CSV exports: files of posts, tags, tag aliases, tag implications and pools.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/base/csv_stream.h"
#include "core/ingest/e621_csv_table.h"
#include "core/ingest/reader.h"

namespace millrace {

// What a file holds is told from its first line (e621_csv_table.h). The dialect is PostgreSQL's: an empty field is null
// without quotes and empty text with them. A record that is no post, tag or such is rejected by itself; text that is no
// CSV ends the import, since what follows could not be cut into records. Not thread-safe.
class E621CsvReader : public DumpReader {
 public:
  // `sink` is borrowed.
  E621CsvReader(RecordSink* sink, int64_t record_size_bytes_max);

  absl::Status BeginFile(std::string_view name) override;
  // kFileInvalid where the file is no CSV (names the line and the field), or has columns of no table that is known.
  absl::Status Write(std::string_view bytes) override;
  absl::Status EndFile() override;

 private:
  absl::Status OnRecord(const CsvStream::Record& record);
  absl::Status OnHeader(const CsvStream::Record& record);
  // kFileInvalid, with file and line; field number 0: none.
  absl::Status FileError(int64_t line, size_t field_number, std::string_view why) const;

  RecordSink* const sink_;
  CsvStream stream_;
  std::string name_;
  std::unique_ptr<E621CsvTable> table_;  // null: before the first line
  int64_t record_count_ = 0;
};

}  // namespace millrace
