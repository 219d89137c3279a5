// The tags of a SQLite dump, and which of them each post has.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "core/catalog/sqlite.h"
#include "core/ingest/reader.h"
#include "core/ingest/record.h"
#include "core/model/tag_relation.h"

namespace millrace {

// Of a dump's tables: what they and their columns are called, for messages, and what selects them.
struct SqliteTagTables {
  std::string tags_table;      // "tags"
  std::string tags_sql;        // id, name, category, the board's count (or NULL), then extra_columns
  std::string id_field;        // "tags.tag_id"
  std::string name_field;      // "tags.name"
  std::string category_field;  // "tags.category"
  std::string category_words;  // "0, 1, 3, 4, 5 or their names"
  // In a tag's extra_json: under which names the source's word for the category stands, and a count that is no number;
  // and what else is kept.
  std::string category_key;
  std::string count_key;
  std::vector<std::string> extra_columns;
  std::optional<TagCategory> (*parse_category)(std::string_view text) = nullptr;
  std::string references_sql;   // the post's key as an integer, the tag's id; in the order of the keys
  std::string reference_field;  // "post_tags.post_id"
  std::string tag_field;        // "post_tags.tag_id"
};

// Reads the references side by side with the posts, both in the order of the key that joins them: one pass over each,
// where a query a post would be one search a post. The table of tags is held in memory. Not thread-safe.
class SqliteTags {
 public:
  // Called for each tag that was taken.
  using OnTag = std::function<absl::Status(const TagFact& tag)>;

  // All are borrowed.
  SqliteTags(Database* database, const SqliteTagTables* tables, RecordSink* sink)
      : database_(database), tables_(tables), sink_(sink) {}

  // Reads the tags; a row that is none is rejected. `on_tag` may be empty. Posts may have a tag that is rejected for
  // what else its row holds.
  absl::Status ReadTags(const OnTag& on_tag);
  // To be called once, before GoToPost.
  absl::Status OpenReferences();
  // Goes on to the references of `key`, which must not be smaller than the one before. Those that are null are
  // rejected.
  absl::Status GoToPost(int64_t key);
  // Adds the tags of the post that GoToPost went to. False, and *field and *reason, when one cannot be taken.
  bool AddTags(TagCollector* tags, std::string* field, std::string* reason) const;
  // Behind the last post: when references named posts that there are none of, reports how many as one rejected record.
  absl::Status RejectStrayReferences(std::string_view posts_table);

 private:
  struct TagInfo {
    std::string name;
    TagCategory category;
  };
  // These: what is wrong with a row of tags_sql, and in which field.
  std::optional<std::string> ReadTag(Statement& row, std::string* field, TagFact* tag);
  std::optional<std::string> ReadOthers(Statement& row, std::string* field, TagFact* tag) const;
  absl::Status Reject(std::string_view field, std::string_view reason);
  absl::Status StepReference();

  Database* const database_;
  const SqliteTagTables* const tables_;
  RecordSink* const sink_;
  absl::flat_hash_map<int64_t, TagInfo> tag_infos_;
  std::optional<Statement> references_;
  bool has_reference_ = false;  // references_ stands at a row
  std::optional<int64_t> key_;  // of the post that GoToPost went to, and its tags:
  std::vector<int64_t> tag_ids_;
  std::optional<std::string> fault_;  // a reference that is no id
  int64_t stray_count_ = 0;
};

}  // namespace millrace
