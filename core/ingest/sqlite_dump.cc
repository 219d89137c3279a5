#include "core/ingest/sqlite_dump.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

// Faults of the file come without its name from below.
absl::Status NameFile(const absl::Status& status, const std::string& file) {
  if (status.ok() || ReasonOf(status) != Reason::kFileInvalid) return status;
  ErrorMetadata metadata = MetadataOf(status);
  if (!metadata.emplace("file", file).second) return status;
  return MakeError(Reason::kFileInvalid, absl::StrCat(file, ": ", std::string(status.message())), metadata);
}

}  // namespace

SqliteDumpReader::SqliteDumpReader(RecordSink* sink, ReadSqliteDump read, SqliteDumpOptions options)
    : sink_(sink), read_(read), options_(std::move(options)) {}

absl::Status SqliteDumpReader::BeginFile(std::string_view name) {
  name_ = name;
  MILLRACE_ASSIGN_OR_RETURN(spool_, SpoolFile::Create(options_.spool_folder));
  return absl::OkStatus();
}

absl::Status SqliteDumpReader::Write(std::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  if (spool_->size_bytes() + static_cast<int64_t>(bytes.size()) > options_.spool_size_bytes_max) {
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat(name_, ": is larger than ", options_.spool_size_bytes_max,
                                  " bytes after decompression, which is as large as a SQLite file may be here."),
                     {{"file", name_}});
  }
  return spool_->Append(bytes);
}

absl::Status SqliteDumpReader::EndFile() {
  const auto read = [this]() -> absl::Status {
    MILLRACE_RETURN_IF_ERROR(spool_->Flush());
    MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database,
                              Database::OpenUntrusted(spool_->path(), options_.cancelled));
    MILLRACE_RETURN_IF_ERROR(database->CheckSound());
    return read_(*database, sink_);
  };
  const absl::Status status = read();
  spool_.reset();
  return NameFile(status, name_);
}

}  // namespace millrace
