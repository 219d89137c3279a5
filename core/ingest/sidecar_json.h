// The JSON file beside a picture, as downloaders and trainers write it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "core/ingest/canonical_json.h"
#include "core/ingest/named_tags.h"
#include "core/ingest/pipeline.h"
#include "core/ingest/record.h"
#include "core/model/post.h"
#include "simdjson.h"

namespace millrace {

// Nobody defines these files, so what fits no field is kept rather than rejected: a value that is not what a post's
// field of that name may hold, or that differs from what is known of the picture itself, stays in extra_json under its
// key, as do all other keys. Not thread-safe.
//
// Tags are in "tags" (text between commas or, without a comma, white space; a list; lists by category; or tags as keys
// of their scores), and in "tag_string" and "tag_string_CATEGORY" or "tags_CATEGORY". "s" is sensitive beside
// "tag_string_general", which only Danbooru has, and safe otherwise. What the sidecar says of tags is kept in
// extra_json, too: in its order, and in its words.
class SidecarJson {
 public:
  void Clear() { is_read_ = false; }
  // Sets the fields of `post`, in which those of the picture stand. What is wrong, and in which field, otherwise.
  // *content is given the padding that the parser needs.
  std::optional<std::string> Read(std::string* content, const PictureFacts& picture, Post* post, std::string* field);
  // Whether Read was called since Clear.
  bool is_read() const { return is_read_; }
  // Until the next Read.
  const NamedTags& tags() const { return tags_; }

 private:
  using Value = simdjson::ondemand::value;

  std::optional<std::string> ReadMember(const std::string& key, Value value, const PictureFacts& picture, Post* post);
  std::optional<std::string> ReadTags(const std::string& key, Value value, TagCategory category);
  // These add the tags and append the value, in canonical form, to `kept`; nothing for text or a list without any.
  std::optional<std::string> AddTags(const std::string& key, Value value, TagCategory category, std::string* kept);
  std::optional<std::string> ReadTagObject(Value value, std::string* kept);
  std::optional<std::string> ReadTagList(simdjson::ondemand::array list, TagCategory category, std::string* kept);
  void KeepExtra(const std::string& key, const ScalarValue& value);

  simdjson::ondemand::parser parser_;
  NamedTags tags_;
  JsonMembers extra_;
  JsonMembers tags_by_category_;  // kept where no key has the tags of all categories
  bool has_all_tags_ = false;
  ScalarValue rating_;
  bool is_danbooru_ = false;
  bool is_read_ = false;
};

}  // namespace millrace
