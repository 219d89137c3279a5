// The posts of a danbooru-meta file, with their tags.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/danbooru_meta_schema.h"
#include "core/ingest/reader.h"
#include "core/ingest/record.h"
#include "core/ingest/sqlite_tags.h"

namespace millrace {

// Not thread-safe.
class DanbooruMetaPosts {
 public:
  // All are borrowed.
  DanbooruMetaPosts(Database* database, const DanbooruMetaSchema* schema, RecordSink* sink);

  // Hands every post to the sink, or rejects it. Kinds of fault of the file are kFileInvalid, without its name.
  absl::Status ReadAll();

 private:
  absl::Status CheckPostCount();
  absl::Status ReadPosts();
  absl::Status ReadPost(Statement& row);
  // These: false, and rejected_ says why, when the post cannot be taken.
  bool SetFields(Statement& row, int64_t* key);
  bool SetExtra(Statement& row, const ScalarValue& dense_id);
  bool AddTags();
  bool Reject(std::string_view field, std::string_view reason);

  Database* const database_;
  const DanbooruMetaSchema* const schema_;
  RecordSink* const sink_;
  const SqliteTagTables tag_tables_;
  SqliteTags post_tags_;
  Post post_;
  TagCollector tags_;
  RejectedRecord rejected_;
};

}  // namespace millrace
