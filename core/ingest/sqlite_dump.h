// A dump that is a SQLite file, whatever its schema: how its bytes come to be a database that can be read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/reader.h"
#include "core/ingest/spool_file.h"

namespace millrace {

struct SqliteDumpOptions {
  std::string spool_folder;
  int64_t spool_size_bytes_max = 0;
  std::function<bool()> cancelled;  // may be empty
};

// Reads an open dump of one schema: hands its records to the sink, or rejects them. kFileInvalid, without the file's
// name, when it is no dump of that schema.
using ReadSqliteDump = absl::Status (*)(Database& database, RecordSink* sink);

// Collects the file in the spool folder and reads it once it is whole; the file is not trusted
// (Database::OpenUntrusted). Not thread-safe.
class SqliteDumpReader : public DumpReader {
 public:
  // `sink` is borrowed.
  SqliteDumpReader(RecordSink* sink, ReadSqliteDump read, SqliteDumpOptions options);

  absl::Status BeginFile(std::string_view name) override;
  // kFileInvalid when the file grows over its limit.
  absl::Status Write(std::string_view bytes) override;
  // Reads everything. kFileInvalid when it is no file of the format or damaged.
  absl::Status EndFile() override;

 private:
  RecordSink* const sink_;
  const ReadSqliteDump read_;
  const SqliteDumpOptions options_;
  std::string name_;
  std::unique_ptr<SpoolFile> spool_;
};

}  // namespace millrace
