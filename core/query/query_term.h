// One term of a query, and what its value says before anything is known of a snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "core/query/glob.h"
#include "core/query/interval.h"
#include "core/query/metatag.h"

namespace millrace {

// One value of a list, or one end of a range.
struct TermPart {
  std::string text;
  size_t char_offset = 0;  // in the text that was parsed, in characters from 0
  bool is_whole = true;    // it is all that stands behind the colon
};

struct QueryTerm {
  enum class Kind { kTag, kTagPattern, kMetatag };
  enum class Presence { kValue, kAny, kNone };

  Kind kind = Kind::kTag;
  std::string text;        // as written, with the signs before it
  std::string word;        // as written, without them
  size_t char_offset = 0;  // where it begins in the text that was parsed, in characters from 0
  bool is_quoted = false;  // the tag is written between quotation marks

  std::string tag;              // kTag: its name
  std::optional<Glob> pattern;  // kTagPattern, and kMetatag with a source

  // kMetatag; `metatag` says which of the others hold the value.
  Metatag metatag = Metatag::kRating;
  int category = -1;                     // kCategoryTagCount
  Presence presence = Presence::kValue;  // kAny and kNone: nothing else counts
  uint32_t rating_mask = 0;              // bit i for the Rating with number i
  // One of them must contain the number; each holds at least one. Ascending, with gaps between them.
  std::vector<Interval> intervals;
  std::vector<std::string> words;    // of md5 sums, file types, statuses, kinds of pools: one of them
  std::vector<TermPart> word_parts;  // the words as they are written, one each

  // Why it is no value of this metatag. Told unless the snapshot has a tag of this very name: tags could be named so
  // before there was the metatag.
  absl::Status fault;
};

// Characters of UTF-8.
size_t CountChars(std::string_view text);

// kQueryInvalid about one term; `what` goes on after its name and place.
absl::Status TermError(const QueryTerm& term, std::string_view what);
// The same about a part of its value: the part and its place are told, too, unless it is all that the term asks for.
absl::Status PartError(const QueryTerm& term, const TermPart& part, std::string_view what);
// kQueryInvalid at a character: "CHARACTER: what".
absl::Status SyntaxError(size_t char_offset, std::string_view what);

// Fills in kMetatag's fields from the text behind the colon; with `is_quoted` the text between the quotation marks. The
// term's text and place must be there. The error is PartError's.
absl::Status ParseMetatagValue(const MetatagInfo& info, std::string_view value, bool is_quoted, QueryTerm* term);

}  // namespace millrace
