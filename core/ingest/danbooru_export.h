// Danbooru's export of 2021: JSON lines, in files of posts, tags, artists, pools, and aliases or implications of tags.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "core/ingest/json_fact_parser.h"
#include "core/ingest/json_post_parser.h"
#include "core/ingest/line_splitter.h"
#include "core/ingest/reader.h"

namespace millrace {

// The keys of a file's first record tell what it lists; aliases and implications, which have the same keys, are told
// apart by the file's name. A file of notes or wiki pages is refused, for a dataset has no place for them. Blank lines
// are skipped; a line that is no such record is rejected by itself. Not thread-safe.
class DanbooruExportReader : public DumpReader {
 public:
  // `sink` is borrowed.
  DanbooruExportReader(RecordSink* sink, int64_t line_size_bytes_max);

  absl::Status BeginFile(std::string_view name) override;
  // kFileInvalid: a file of notes or wiki pages, or of relations that the name does not tell.
  absl::Status Write(std::string_view bytes) override;
  absl::Status EndFile() override;

 private:
  enum class Kind { kUnknown, kPosts, kTags, kArtists, kPools, kAliases, kImplications };

  absl::Status OnLine(std::string_view line, int64_t number);
  absl::Status OnLongLine(int64_t number);
  absl::Status TellKind(std::string_view first_line);
  absl::Status Reject(RejectedRecord rejected, int64_t number);

  RecordSink* const sink_;
  const int64_t line_size_bytes_max_;
  JsonPostParser posts_;
  JsonFactParser facts_;
  LineSplitter splitter_;
  std::string file_;
  Kind kind_ = Kind::kUnknown;
};

}  // namespace millrace
