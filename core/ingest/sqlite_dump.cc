#include "core/ingest/sqlite_dump.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/ingest/danbooru2023_sqlite.h"
#include "core/ingest/danbooru_meta_sqlite.h"
#include "core/ingest/sqlite_schema.h"

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

SqliteDumpReader::SqliteDumpReader(RecordSink* sink, SourceFormat format, SqliteDumpOptions options)
    : sink_(sink), wanted_format_(format), options_(std::move(options)) {}

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
    return ReadDump(*database);
  };
  const absl::Status status = read();
  spool_.reset();
  return NameFile(status, name_);
}

absl::Status SqliteDumpReader::ReadDump(Database& database) {
  format_ = wanted_format_;
  if (format_ == SourceFormat::kUnspecified) {
    MILLRACE_ASSIGN_OR_RETURN(format_, TellSqliteFormat(database));
  }
  return format_ == SourceFormat::kDanbooru2023Sqlite ? ReadDanbooru2023(database, sink_)
                                                      : ReadDanbooruMeta(database, sink_);
}

absl::StatusOr<SourceFormat> TellSqliteFormat(Database& database) {
  MILLRACE_ASSIGN_OR_RETURN(const bool has_post_tags, HasPlainTable(database, "post_tags"));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_posts, HasPlainTable(database, "posts"));
  if (has_post_tags && has_posts) return SourceFormat::kDanbooruMetaSqlite;
  MILLRACE_ASSIGN_OR_RETURN(const bool has_relation, HasPlainTable(database, "posttagrelation"));
  MILLRACE_ASSIGN_OR_RETURN(const bool has_post, HasPlainTable(database, "post"));
  if (has_relation && has_post) return SourceFormat::kDanbooru2023Sqlite;
  return MakeError(Reason::kFileInvalid,
                   "is a SQLite file with neither the tables of danbooru-meta-sqlite (posts, tags, post_tags) nor those "
                   "of danbooru2023-sqlite (Post, Tag, PostTagRelation). Is this the right file? Views and virtual "
                   "tables do not count.");
}

}  // namespace millrace
