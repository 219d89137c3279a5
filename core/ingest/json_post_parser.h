// One JSON object -> a post, by the schema of its source.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/ingest/json_post_schema.h"
#include "core/ingest/json_record.h"
#include "core/model/post.h"

namespace millrace {

// Reuses its memory from record to record, so that parsing allocates nothing once it has seen a long one. Not
// thread-safe.
//
// Fields that a post has no place for are kept in extra_json, in canonical form (canonical_json.h): the same fields
// give the same bytes, so that the digest of a snapshot does not depend on the order in which a dump writes them. What
// is left of a group is kept under the group's key. When tags have fields beside id, name and category, extra_json
// holds the whole list of tags as "tags".
class JsonPostParser {
 public:
  static constexpr size_t kPaddingBytes = JsonRecord::kPaddingBytes;

  // `schema` is borrowed.
  explicit JsonPostParser(const JsonPostSchema& schema);
  JsonPostParser(const JsonPostParser&) = delete;
  JsonPostParser& operator=(const JsonPostParser&) = delete;

  // True: post() and tags() hold the record. False: rejected() says why not (file and line are the caller's).
  bool Parse(std::string_view text);

  // Valid until the next Parse and as long as the text.
  const Post& post() const { return post_; }
  // As RecordSink::OnPost wants them: with ids, in order; or known by name only, as the source lists them.
  absl::Span<const ImportedTag> tags() const {
    return named_tags_.empty() ? tags_.tags() : absl::MakeConstSpan(named_tags_);
  }
  int64_t duplicate_tag_count() const { return tags_.duplicate_count(); }
  const RejectedRecord& rejected() const { return record_.rejected(); }

 private:
  using Value = JsonRecord::Value;
  using Array = JsonRecord::Array;
  using Object = JsonRecord::Object;
  struct OtherMd5 {
    std::string_view key;
    ScalarValue value;  // null: none
  };

  bool ParseDocument(std::string_view text);
  // `order`: what the object before had at each position, a guess that mostly holds; may be null.
  bool ParseMembers(Object object, absl::Span<const JsonField> fields, JsonMembers* extra, std::vector<uint8_t>* order);
  bool ParseKnown(const JsonField& field, Value value, JsonMembers* extra);
  bool ParseUnknown(std::string_view key, Value value, absl::Span<const JsonField> fields, JsonMembers* extra);
  bool ParseGroup(const JsonField& field, Value value, JsonMembers* extra);
  bool ParseStatus(const JsonField& field, const ScalarValue& word, JsonMembers* extra);
  // What can be said only when all members were seen.
  bool Conclude();
  // Whether the record is a post: lists of tags, comments and the like have ids, too.
  bool CheckIsPost();
  bool ConcludeMd5();
  bool KeepTagObjects();

  // json_post_lists.cc
  bool ParseTagObjects(Value value);
  bool ParseTagObject(Object object, size_t index);
  bool AddTagString(std::string_view field, const ScalarValue& words, TagCategory category);
  bool AddNamedTag(std::string_view name, TagCategory category, std::string* reason);
  bool ParseTagLists(const JsonField& field, Value value, JsonMembers* extra);
  bool ParseTagList(std::string_view list, Value value, TagCategory category, std::string* kept);
  bool ParsePoolsThenKinds(std::string_view field, Value value);
  bool ParsePoolIds(std::string_view field, Value value);
  bool ParseUserIds(std::string_view field, Value value);
  bool ParseTexts(std::string_view field, Value value, JsonMembers* extra);

  const JsonPostSchema& schema_;
  const uint64_t post_fields_;  // bit i: only posts have schema_.fields[i]
  uint64_t seen_ = 0;           // bit i: the record has schema_.fields[i]
  JsonRecord record_;
  Post post_;
  TagCollector tags_;
  std::vector<ImportedTag> named_tags_;
  std::deque<std::string> unescaped_names_;  // that named_tags_ borrow from
  std::vector<std::string> pool_words_;
  JsonMembers extra_;
  bool tags_have_extra_ = false;
  bool has_tag_strings_ = false;
  ScalarValue whole_tag_string_;       // null: none
  std::string_view other_tag_string_;  // the key of one that holds tags; empty: none
  OtherMd5 other_md5_;
  std::string_view file_name_;  // whose extension counts when there is no other
  std::vector<uint8_t> order_;
};

}  // namespace millrace
