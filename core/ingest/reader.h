// The seam between the readers, one per source format, and the pipeline that stages what they read.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/ingest/pipeline.h"
#include "core/model/post.h"

namespace millrace {

// Takes what a reader finds. An error from any call ends the import: the reader returns it at once.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  // A post and its tags, ascending by id, each once; post.tag_ids are their ids. Both are borrowed for the call.
  // `duplicate_tag_count`: tags of the record that were collapsed.
  virtual absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                              int64_t duplicate_tag_count) = 0;
  // A record that was not taken. The sink adds the file's name.
  virtual absl::Status OnRejected(RejectedRecord rejected) = 0;
  // Whether the import was cancelled; readers ask now and then and return the error.
  virtual absl::Status CheckCancelled() = 0;
};

// Reads one format, file by file, from decompressed bytes in pieces of any size. Not thread-safe; after an error
// only destruction.
class DumpReader {
 public:
  virtual ~DumpReader() = default;

  // Begins a file. `name` is for messages.
  virtual absl::Status BeginFile(std::string_view name) = 0;
  virtual absl::Status Write(std::string_view bytes) = 0;
  // Every byte of the file was written.
  virtual absl::Status EndFile() = 0;
};

}  // namespace millrace
