// The seam between the readers, one per source format, and the pipeline that stages what they read.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/ingest/pipeline.h"
#include "core/model/post.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Takes what a reader finds. An error from any call ends the import: the reader returns it at once.
class RecordSink {
 public:
  virtual ~RecordSink() = default;

  // A post and its tags, both borrowed for the call. Either every tag has an id: then they ascend by id, each once, and
  // post.tag_ids are their ids. Or none has (id 0, the source knows tags by name only): then they come in any order,
  // may repeat, post.tag_ids is empty, and the sink finds the ids. `duplicate_tag_count`: tags of the record that the
  // reader collapsed.
  virtual absl::Status OnPost(const Post& post, absl::Span<const ImportedTag> tags, int64_t line,
                              int64_t duplicate_tag_count) = 0;
  // What a board lists apart from its posts.
  virtual absl::Status OnTag(const TagFact& tag, int64_t line) = 0;
  virtual absl::Status OnTagRelation(const TagRelation& relation, int64_t line) = 0;
  virtual absl::Status OnPool(const PoolFact& pool, int64_t line) = 0;
  virtual absl::Status OnArtist(const ArtistFact& artist, int64_t line) = 0;
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

  // Before BeginFile: the picture that the file belongs to. Only folders of pictures have use for it.
  virtual void SetPicture(const PictureFacts& picture) {}
  // Begins a file. `name` is for messages.
  virtual absl::Status BeginFile(std::string_view name) = 0;
  virtual absl::Status Write(std::string_view bytes) = 0;
  // Every byte of the file was written.
  virtual absl::Status EndFile() = 0;
};

}  // namespace millrace
