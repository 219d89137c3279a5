// A query: which posts somebody means, as a text of terms (docs/query-language.md).
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "core/query/query_term.h"

namespace millrace {

inline constexpr size_t kQuerySizeBytesMax = 4096;
inline constexpr size_t kQueryTermCountMax = 100;
// Groups within groups.
inline constexpr size_t kQueryDepthMax = 32;

// What a query means, as a tree; never deeper than three nodes a group.
struct QueryNode {
  enum class Kind { kAnd, kOr, kNot, kTerm };

  Kind kind = Kind::kAnd;
  size_t term = 0;                  // kTerm: its place in Query::terms
  std::vector<QueryNode> children;  // kAnd (holds when it has none), kOr (at least two), kNot (one)
};

// How a search shows the posts that match. It does not say which do, so plans have no use for it.
struct SearchTerms {
  std::string order;  // the word behind "order:"; empty when there is none
  size_t order_char_offset = 0;
  std::optional<int64_t> limit;  // not negative
};

// Immutable, so thread-safe.
class Query {
 public:
  // The query without terms, which every post matches.
  Query() = default;
  // Requires UTF-8. kQueryInvalid, naming the place; metadata "char_offset". "order:" and "limit:" are refused.
  static absl::StatusOr<Query> Parse(std::string_view text);
  // The same for a search: "order:" and "limit:" may stand outside of groups, and go into `search`.
  static absl::StatusOr<Query> ParseSearch(std::string_view text, SearchTerms* search);

  // In the order in which they are written.
  const std::vector<QueryTerm>& terms() const { return terms_; }
  const QueryNode& root() const { return root_; }
  // The canonical form: the terms and signs as written, one space between them, and none within a group's parentheses
  // but before one that would belong to a word.
  const std::string& text() const { return text_; }
  // A query that means the same as a node of this one. (A pattern with a ')' that closes nothing, "*)", cannot be
  // written in a group; where a node needs one, the text is for people only.)
  std::string TextOf(const QueryNode& node) const;

 private:
  friend class QueryParser;
  // `is_in_group`: it will stand between parentheses. `is_signed`: right behind a sign.
  std::string TextOf(const QueryNode& node, bool is_in_group, bool is_signed) const;

  std::vector<QueryTerm> terms_;
  QueryNode root_;
  std::string text_;
};

}  // namespace millrace
