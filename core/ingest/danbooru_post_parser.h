// One line of a Danbooru 2017-2020 dump -> a post.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/types/span.h"
#include "core/ingest/canonical_json.h"
#include "core/ingest/pipeline.h"
#include "core/ingest/record.h"
#include "core/model/post.h"
#include "simdjson.h"

namespace millrace {

// Reuses its memory from line to line, so that parsing allocates nothing once it has seen a long one. Not thread-safe.
//
// Fields that a post has no place for are kept in extra_json, in canonical form (canonical_json.h): the same fields
// give the same bytes, so that the digest of a snapshot does not depend on the order in which a dump writes them. When
// tags have fields beside id, name and category, extra_json holds the whole list of tags as "tags".
class DanbooruPostParser {
 public:
  // As many bytes behind a line must be readable, and the first of them be white space.
  static constexpr size_t kPaddingBytes = simdjson::SIMDJSON_PADDING;

  DanbooruPostParser();
  DanbooruPostParser(const DanbooruPostParser&) = delete;
  DanbooruPostParser& operator=(const DanbooruPostParser&) = delete;

  // True: post() and tags() hold the record. False: rejected() says why not (file and line are the caller's).
  bool Parse(std::string_view line);

  // Valid until the next Parse and as long as the line.
  const Post& post() const { return post_; }
  absl::Span<const ImportedTag> tags() const { return tags_.tags(); }
  int64_t duplicate_tag_count() const { return tags_.duplicate_count(); }
  const RejectedRecord& rejected() const { return rejected_; }

 private:
  using Value = simdjson::ondemand::value;
  using Array = simdjson::ondemand::array;

  bool ParseDocument(std::string_view line);
  bool ParseField(simdjson::ondemand::field field);
  bool ParseExtra(std::string_view key, Value value);
  bool ParseTags(Value value);
  bool ParseTag(simdjson::ondemand::object object, size_t index);
  bool ParsePools(Value value);
  bool ParseFavorites(Value value);
  // The list `value`. False, and rejected, when it is something else; *is_null and no list when it is null.
  bool OpenList(std::string_view field, Value value, Array* array, bool* is_null);
  // The scalar `value`. False, and rejected, when it is something else or broken.
  bool ReadScalar(std::string_view field, Value value, ScalarValue* scalar);
  bool KeepExtra(std::string_view line);
  bool KeepTagsAsExtra(std::string_view line);

  // Both fill rejected_ and return false.
  bool Reject(std::string_view field, std::string_view reason);
  bool RejectJson(simdjson::error_code error);
  // The record's id for a report, when it can be read though the record was rejected.
  void FindPostId(std::string_view line);

  simdjson::ondemand::parser parser_;
  std::string_view line_;
  bool line_has_escapes_ = false;  // asked once for a line rather than for each of its strings
  Post post_;
  TagCollector tags_;
  std::vector<std::string> pool_words_;
  JsonMembers extra_;
  RejectedRecord rejected_;
  bool tags_have_extra_ = false;
  uint64_t seen_fields_ = 0;          // bit i: known field i
  size_t field_position_ = 0;         // of the field being read, in its record
  std::vector<uint8_t> field_order_;  // what the record before had at each position: a guess that mostly holds
};

}  // namespace millrace
