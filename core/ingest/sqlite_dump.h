// A dump that is a SQLite file, whatever its schema: how its bytes come to be a database that can be read.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/reader.h"
#include "core/ingest/spool_file.h"

namespace millrace {

struct SqliteDumpOptions {
  std::string spool_folder;
  int64_t spool_size_bytes_max = 0;
  std::function<bool()> cancelled;  // may be empty
};

// Collects the file in the spool folder and reads it once it is whole; the file is not trusted
// (Database::OpenUntrusted). Not thread-safe.
class SqliteDumpReader : public DumpReader {
 public:
  // `sink` is borrowed. `format` kUnspecified: told from the schema.
  SqliteDumpReader(RecordSink* sink, SourceFormat format, SqliteDumpOptions options);

  absl::Status BeginFile(std::string_view name) override;
  // kFileInvalid when the file grows over its limit.
  absl::Status Write(std::string_view bytes) override;
  // Reads everything. kFileInvalid when it is no file of the format or damaged.
  absl::Status EndFile() override;

  // Of the last file that was ended; kUnspecified before.
  SourceFormat format() const { return format_; }

 private:
  absl::Status ReadDump(Database& database);

  RecordSink* const sink_;
  const SourceFormat wanted_format_;
  const SqliteDumpOptions options_;
  SourceFormat format_ = SourceFormat::kUnspecified;
  std::string name_;
  std::unique_ptr<SpoolFile> spool_;
};

// Which of the SQLite formats has these tables. kFileInvalid, without the file's name, when none has.
absl::StatusOr<SourceFormat> TellSqliteFormat(Database& database);

}  // namespace millrace
