// The tags of one post whose source knows them by name only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/model/post.h"

namespace millrace {

// Brings names into the form that boards give them, and takes each name once. Keeps its memory from post to post. Not
// thread-safe.
class NamedTags {
 public:
  // Forgets the tags. The names to come have no more bytes together.
  void Clear(size_t size_bytes_max);

  // Adds a tag by a name as people write it: white space around it goes, white space within becomes one underscore, and
  // a backslash before ( ) [ ] { } , : or another backslash goes, with which prompts tell a bracket from a weight. A
  // name of nothing is passed over. Of a name told with a category and without, the category stands. What is wrong with
  // the name, otherwise.
  std::optional<std::string> Add(std::string_view name, TagCategory category = TagCategory::kUnspecified);
  // Adds the names between white space.
  std::optional<std::string> AddWords(std::string_view text, TagCategory category = TagCategory::kUnspecified);
  // Adds the names between commas and line ends. Commas within brackets that are closed again stand in a name; a
  // bracket counts at a name's start and behind white space, an underscore or another bracket, so that ":(" is a face.
  std::optional<std::string> AddCaption(std::string_view text);

  // Until Clear.
  absl::Span<const ImportedTag> tags() const { return tags_; }
  int64_t duplicate_count() const { return duplicate_count_; }

 private:
  void MatchBrackets(std::string_view text);

  std::string names_;  // the tags' names, one behind the other; never grows while there are tags
  std::vector<ImportedTag> tags_;
  absl::flat_hash_map<std::string_view, size_t> index_by_name_;
  int64_t duplicate_count_ = 0;
  std::vector<size_t> open_brackets_;
  std::vector<uint8_t> is_bracket_;  // by place in the text: one that is closed or closes
};

}  // namespace millrace
