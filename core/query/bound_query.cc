#include "core/query/bound_query.h"

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/model/tag_query.h"

namespace millrace {
namespace {

constexpr int64_t kSuggestionCountMax = 3;

// The most used tags among those that share the longest beginning with `name`, at least half of it: a slip is rarely
// in the first letters. A sentence, or nothing.
absl::StatusOr<std::string> Suggestion(const Snapshot& snapshot, std::string_view name) {
  TagQuery tags;
  tags.order = TagQuery::Order::kPostCount;
  tags.limit = kSuggestionCountMax;
  for (size_t size = name.size(); size >= (name.size() + 1) / 2 && size > 0; --size) {
    tags.prefix = std::string(name.substr(0, size));
    MILLRACE_ASSIGN_OR_RETURN(const TagPage page, snapshot.ListTags(tags));
    if (page.tags.empty()) continue;
    std::string sentence = " Did you mean ";
    for (size_t i = 0; i < page.tags.size(); ++i) {
      absl::StrAppend(&sentence,
                      i == 0                     ? ""
                      : i + 1 < page.tags.size() ? ", "
                                                 : " or ",
                      QuoteForMessage(page.tags[i].name));
    }
    return absl::StrCat(sentence, "?");
  }
  return std::string();
}

absl::Status NoSuchTag(const QueryTerm& term, const Snapshot& snapshot) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string suggestion, Suggestion(snapshot, term.tag));
  return TermError(term, absl::StrCat("names a tag that no post of snapshot ", snapshot.digest(),
                                      " has; correct it or leave it out.", suggestion));
}

}  // namespace

absl::StatusOr<BoundQuery> BoundQuery::Bind(const Query& query, const Snapshot& snapshot) {
  BoundQuery bound;
  for (const QueryTerm& term : query.terms()) {
    BoundTerm bound_term{term.field, term.is_negated, term.rating_mask, term.first, term.last, {}};
    if (term.field != QueryTerm::Field::kTag) {
      bound.number_terms_.push_back(std::move(bound_term));
      continue;
    }
    MILLRACE_ASSIGN_OR_RETURN(bound_term.tag_indexes, snapshot.FindTagIndexesByName(term.tag));
    if (bound_term.tag_indexes.empty()) return NoSuchTag(term, snapshot);
    bound.tag_terms_.push_back(std::move(bound_term));
  }
  return bound;
}

}  // namespace millrace
