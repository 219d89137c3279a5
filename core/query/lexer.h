// The words and signs of a query's text.
#pragma once

#include <cstddef>
#include <string_view>

#include "absl/status/statusor.h"

namespace millrace {

struct QueryToken {
  enum class Kind { kEnd, kOpen, kClose, kAnd, kOr, kTag, kQuotedTag, kMetatag };

  Kind kind = Kind::kEnd;
  bool is_alternative = false;  // begins with '~'
  bool is_negated = false;      // begins with '-', behind '~' if that is there, too
  std::string_view text;        // as written
  size_t sign_count = 0;        // bytes of `text` that are signs
  size_t char_offset = 0;       // in the text that is read, in characters from 0
  // kTag: the word. kQuotedTag: what stands between the quotation marks. kMetatag: its name.
  std::string_view name;
  std::string_view value;        // kMetatag: behind the colon, without quotation marks
  bool is_value_quoted = false;  // kMetatag
};

// Reads one token after another. Borrows the text.
class QueryLexer {
 public:
  explicit QueryLexer(std::string_view text) : rest_(text) {}

  // `depth`: how many groups are open. kEnd at the end, again and again. In a group a ')' that the word did not open
  // ends the word; outside it is a letter like any other. kQueryInvalid with the place: quotation marks that do not
  // end, control characters.
  absl::StatusOr<QueryToken> Next(size_t depth);

 private:
  void Skip(size_t size_bytes);
  absl::Status ReadQuoted(size_t begin, size_t char_offset, bool is_in_group, size_t* end) const;

  std::string_view rest_;
  size_t char_offset_ = 0;
};

}  // namespace millrace
