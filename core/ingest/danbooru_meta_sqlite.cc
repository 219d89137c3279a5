#include "core/ingest/danbooru_meta_sqlite.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/danbooru_meta_posts.h"
#include "core/ingest/danbooru_meta_schema.h"

namespace millrace {
namespace {

// Faults of the file come without its name from below.
absl::Status NameFile(const absl::Status& status, const std::string& file) {
  if (status.ok() || ReasonOf(status) != Reason::kFileInvalid) return status;
  ErrorMetadata metadata = MetadataOf(status);
  if (!metadata.emplace("file", file).second) return status;
  return MakeError(Reason::kFileInvalid, absl::StrCat(file, ": ", std::string(status.message())), metadata);
}

absl::Status ReadFile(const std::string& path, const std::function<bool()>& cancelled, RecordSink* sink) {
  MILLRACE_ASSIGN_OR_RETURN(const std::unique_ptr<Database> database, Database::OpenUntrusted(path, cancelled));
  MILLRACE_RETURN_IF_ERROR(database->CheckSound());
  MILLRACE_ASSIGN_OR_RETURN(const DanbooruMetaSchema schema, ReadDanbooruMetaSchema(*database));
  DanbooruMetaPosts posts(database.get(), &schema, sink);
  return posts.ReadAll();
}

}  // namespace

DanbooruMetaSqliteReader::DanbooruMetaSqliteReader(RecordSink* sink, std::string spool_folder,
                                                   int64_t spool_size_bytes_max, std::function<bool()> cancelled)
    : sink_(sink),
      spool_folder_(std::move(spool_folder)),
      spool_size_bytes_max_(spool_size_bytes_max),
      cancelled_(std::move(cancelled)) {}

absl::Status DanbooruMetaSqliteReader::BeginFile(std::string_view name) {
  name_ = name;
  MILLRACE_ASSIGN_OR_RETURN(spool_, SpoolFile::Create(spool_folder_));
  return absl::OkStatus();
}

absl::Status DanbooruMetaSqliteReader::Write(std::string_view bytes) {
  MILLRACE_RETURN_IF_ERROR(sink_->CheckCancelled());
  if (spool_->size_bytes() + static_cast<int64_t>(bytes.size()) > spool_size_bytes_max_) {
    return MakeError(Reason::kFileInvalid,
                     absl::StrCat(name_, ": is larger than ", spool_size_bytes_max_,
                                  " bytes after decompression, which is as large as a SQLite file may be here."),
                     {{"file", name_}});
  }
  return spool_->Append(bytes);
}

absl::Status DanbooruMetaSqliteReader::EndFile() {
  MILLRACE_RETURN_IF_ERROR(spool_->Flush());
  const absl::Status status = ReadFile(spool_->path(), cancelled_, sink_);
  spool_.reset();
  return NameFile(status, name_);
}

}  // namespace millrace
