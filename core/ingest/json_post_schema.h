// What the posts of each JSON source look like, as data: JsonPostParser reads them all.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/types/span.h"
#include "core/ingest/record.h"
#include "core/model/post.h"

namespace millrace {

// What a member of a post's object is, and so what becomes of it.
enum class JsonShape : uint8_t {
  kScalar,          // a single value: sets `field`
  kTagObjects,      // [{id, name, category}]: tags with ids
  kTagString,       // "a b c": tags of `category`, known by name
  kWholeTagString,  // "a b c": all tags again; used when no kTagString is there, kept when it says something else
  kTagLists,        // {"general": ["a", "b"], ...}: tags known by name, lists by `members`; unknown lists are kept, too
  kTexts,           // ["a", "b"]: joined by line ends, the post's source
  kPoolsThenKinds,  // ["1", "2", "series", "collection"]: n pools, then their kinds
  kPoolIds,         // [1, 2]
  kUserIds,         // [1, 2]: users who have the post among their favourites
  kOtherTagString,  // tags as another format has them: the record is rejected when it has no others; kept
  kGroup,           // an object of `members`; what is not among them is kept under the group's key
  kStatus,          // a word: active, pending, flagged, deleted; any other is kept
  kOtherMd5,        // the post's md5 when it tells no other; kept when it says something else
  kFileName,        // a name or URL: its extension is the post's when the post tells none; kept
};

struct JsonField {
  std::string_view key;
  JsonShape shape = JsonShape::kScalar;
  PostField field = PostField::kId;
  TagCategory category = TagCategory::kUnspecified;
  absl::Span<const JsonField> members = {};
};

struct JsonPostSchema {
  absl::Span<const JsonField> fields;  // at most 64
  ValueForms forms;
  bool has_html_tags = false;  // names of tags are escaped for HTML
  // Members of a page that hold its posts; and one that makes an object a page though it holds none.
  absl::Span<const std::string_view> wrappers = {};
  std::string_view page_mark = {};
};

const JsonPostSchema& DanbooruJsonlSchema();
const JsonPostSchema& DanbooruExportSchema();
const JsonPostSchema& DanbooruPagesSchema();
const JsonPostSchema& E621PagesSchema();
const JsonPostSchema& MoebooruPagesSchema();
const JsonPostSchema& GelbooruPagesSchema();

}  // namespace millrace
