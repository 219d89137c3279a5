// The danbooru-meta SQLite file, as the seed system keeps it: stats, ratings, tags, posts and post_tags.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/ingest/reader.h"
#include "core/ingest/spool_file.h"

namespace millrace {

// Collects the file in the spool folder and reads it once it is whole; the file is not trusted
// (Database::OpenUntrusted). Posts come in the order of the column that post_tags refers to. posts.id, the dense row
// number, differs from the post's id and is kept as "id" in extra_json, as are columns beyond the format's. Not
// thread-safe.
class DanbooruMetaSqliteReader : public DumpReader {
 public:
  // `sink` is borrowed. `cancelled` may be empty.
  DanbooruMetaSqliteReader(RecordSink* sink, std::string spool_folder, int64_t spool_size_bytes_max,
                           std::function<bool()> cancelled);

  absl::Status BeginFile(std::string_view name) override;
  // kFileInvalid when the file grows over its limit.
  absl::Status Write(std::string_view bytes) override;
  // Reads everything. kFileInvalid when it is no danbooru-meta file or damaged.
  absl::Status EndFile() override;

 private:
  RecordSink* const sink_;
  const std::string spool_folder_;
  const int64_t spool_size_bytes_max_;
  const std::function<bool()> cancelled_;
  std::string name_;
  std::unique_ptr<SpoolFile> spool_;
};

}  // namespace millrace
