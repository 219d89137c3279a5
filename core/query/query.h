// A query: which posts somebody means, as a text of terms (docs/query-language.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace millrace {

inline constexpr size_t kQuerySizeBytesMax = 4096;
inline constexpr size_t kQueryTermCountMax = 100;

struct QueryTerm {
  enum class Field { kRating, kId, kScore, kWidth, kHeight, kTag };

  Field field = Field::kTag;
  bool is_negated = false;
  uint32_t rating_mask = 0;  // kRating: bit i for the Rating with number i
  int64_t first = 0;         // numbers: the range, both included
  int64_t last = 0;
  std::string tag;         // kTag: its name
  std::string text;        // as written
  size_t char_offset = 0;  // where it begins in the text that was parsed, in characters from 0
};

// Immutable, so thread-safe.
class Query {
 public:
  // The query without terms, which every post matches.
  Query() = default;
  // Requires UTF-8. kQueryInvalid, naming the term and its place; metadata "char_offset".
  static absl::StatusOr<Query> Parse(std::string_view text);

  const std::vector<QueryTerm>& terms() const { return terms_; }
  // The canonical form: the terms as written, one space between them.
  const std::string& text() const { return text_; }

 private:
  std::vector<QueryTerm> terms_;
  std::string text_;
};

// kQueryInvalid about one term; `what` goes on after its name and place.
absl::Status TermError(const QueryTerm& term, std::string_view what);

}  // namespace millrace
