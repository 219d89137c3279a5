// The posts of a danbooru-meta file, with their tags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/danbooru_meta_schema.h"
#include "core/ingest/reader.h"
#include "core/ingest/record.h"

namespace millrace {

// Reads posts and post_tags side by side, both in the order of the key that joins them: one pass over each, where a
// query a post would be one search a post. The table of tags is held in memory. Not thread-safe.
class DanbooruMetaPosts {
 public:
  // All are borrowed.
  DanbooruMetaPosts(Database* database, const DanbooruMetaSchema* schema, RecordSink* sink);

  // Hands every post to the sink, or rejects it. Kinds of fault of the file are kFileInvalid, without its name.
  absl::Status ReadAll();

 private:
  struct TagInfo {
    std::string name;
    TagCategory category;
  };
  // The tags that post_tags gives for one key.
  struct TagGroup {
    std::optional<int64_t> key;
    std::vector<int64_t> tag_ids;
    std::optional<std::string> fault;  // a reference that is no id
  };

  absl::Status ReadTags();
  absl::Status CheckPostCount();
  absl::Status ReadPosts();
  absl::Status ReadPost(Statement& row);
  // Goes on in post_tags until group_ is that of `key`, which must not be smaller than the one before.
  absl::Status GoToGroup(int64_t key);
  absl::Status StepReference();
  // These: false, and rejected_ says why, when the tag or post cannot be taken.
  bool ReadTag(Statement& row);
  bool SetFields(Statement& row, int64_t* key);
  bool SetExtra(Statement& row, const ScalarValue& dense_id);
  bool AddTags();
  bool Reject(std::string_view field, std::string_view reason);

  Database* const database_;
  const DanbooruMetaSchema* const schema_;
  RecordSink* const sink_;
  absl::flat_hash_map<int64_t, TagInfo> tag_infos_;
  std::optional<Statement> references_;  // over post_tags
  bool has_reference_ = false;           // references_ stands at a row
  TagGroup group_;
  Post post_;
  TagCollector tags_;
  RejectedRecord rejected_;
};

}  // namespace millrace
