#include "core/query/query.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/query/lexer.h"

namespace millrace {

namespace {

// Whether a ')' right behind the text would belong to its last word.
bool IsOpenAtEnd(std::string_view text) {
  size_t open_count = 0;
  for (const char c : text.substr(text.rfind(' ') + 1)) {
    if (c == '(') ++open_count;
    if (c == ')' && open_count > 0) --open_count;
  }
  return open_count > 0;
}

}  // namespace

// Reads one text; calls itself once a group, so no deeper than kQueryDepthMax.
class QueryParser {
 public:
  // `search` may be null.
  QueryParser(std::string_view text, SearchTerms* search, Query* query)
      : lexer_(text), search_(search), query_(*query) {}

  absl::Status Run() {
    MILLRACE_RETURN_IF_ERROR(Advance());
    return ReadAlternatives(&query_.root_);
  }

 private:
  using Kind = QueryToken::Kind;
  using NodeKind = QueryNode::Kind;

  absl::Status Advance() {
    MILLRACE_ASSIGN_OR_RETURN(token_, lexer_.Next(depth_));
    return absl::OkStatus();
  }

  // The token becomes part of the canonical form.
  void Keep() {
    const bool is_close = token_.kind == Kind::kClose;
    const bool has_space = is_close ? is_word_open_ : !query_.text_.empty() && !is_behind_open_;
    absl::StrAppend(&query_.text_, has_space ? " " : "", std::string(token_.text));
    is_behind_open_ = token_.kind == Kind::kOpen;
    const bool is_bare = token_.kind == Kind::kTag || (token_.kind == Kind::kMetatag && !token_.is_value_quoted);
    is_word_open_ = is_bare && IsOpenAtEnd(token_.text);
  }

  // Sequences with "or" between them.
  absl::Status ReadAlternatives(QueryNode* node) {
    std::vector<QueryNode> sequences(1);
    size_t or_char_offset = 0;  // of the last "or"
    while (true) {
      const size_t term_count = query_.terms_.size();
      MILLRACE_RETURN_IF_ERROR(ReadSequence(&sequences.back()));
      const bool is_empty = query_.terms_.size() == term_count;
      if (is_empty && sequences.size() > 1) return SyntaxError(or_char_offset, "has nothing behind \"or\"");
      if (token_.kind != Kind::kOr) break;
      if (is_empty) return SyntaxError(token_.char_offset, "has nothing before \"or\"");
      or_char_offset = token_.char_offset;
      Keep();
      MILLRACE_RETURN_IF_ERROR(Advance());
      sequences.emplace_back();
    }
    if (sequences.size() == 1) {
      *node = std::move(sequences.front());
    } else {
      node->kind = NodeKind::kOr;
      node->children = std::move(sequences);
    }
    return absl::OkStatus();
  }

  // Terms and groups that all have to hold, up to an "or" or the end of the group; of those that begin with '~', one.
  absl::Status ReadSequence(QueryNode* node) {
    node->kind = NodeKind::kAnd;
    QueryNode alternatives;
    alternatives.kind = NodeKind::kOr;
    size_t alternatives_place = 0;
    bool is_and_open = false;  // an "and" has nothing behind it yet
    size_t and_char_offset = 0;
    bool is_empty = true;
    while (token_.kind != Kind::kEnd && token_.kind != Kind::kClose && token_.kind != Kind::kOr) {
      if (token_.kind == Kind::kAnd) {
        if (is_empty || is_and_open) {
          return SyntaxError(token_.char_offset, "has nothing before \"and\"");
        }
        is_and_open = true;
        and_char_offset = token_.char_offset;
        Keep();
        MILLRACE_RETURN_IF_ERROR(Advance());
        continue;
      }
      const bool is_alternative = token_.is_alternative;
      QueryNode factor;
      bool is_factor = true;
      MILLRACE_RETURN_IF_ERROR(ReadFactor(&factor, &is_factor));
      if (!is_factor) continue;
      is_empty = false;
      is_and_open = false;
      if (is_alternative && alternatives.children.empty()) alternatives_place = node->children.size();
      (is_alternative ? alternatives : *node).children.push_back(std::move(factor));
    }
    if (is_and_open) return SyntaxError(and_char_offset, "has nothing behind \"and\"");
    if (!alternatives.children.empty()) {
      QueryNode one_of =
          alternatives.children.size() == 1 ? std::move(alternatives.children.front()) : std::move(alternatives);
      node->children.insert(node->children.begin() + static_cast<ptrdiff_t>(alternatives_place), std::move(one_of));
    }
    if (node->children.size() == 1) {
      QueryNode only = std::move(node->children.front());
      *node = std::move(only);
    }
    return absl::OkStatus();
  }

  // A term or a group. `is_factor` becomes false for a word that says how a search shows its posts.
  absl::Status ReadFactor(QueryNode* node, bool* is_factor) {
    const bool is_negated = token_.is_negated;
    if (token_.kind == Kind::kOpen) {
      MILLRACE_RETURN_IF_ERROR(ReadGroup(node));
    } else {
      MILLRACE_ASSIGN_OR_RETURN(*is_factor, ReadTerm());
      if (!*is_factor) return Advance();
      node->kind = NodeKind::kTerm;
      node->term = query_.terms_.size() - 1;
      Keep();
      MILLRACE_RETURN_IF_ERROR(Advance());
    }
    if (!is_negated) return absl::OkStatus();
    QueryNode negated;
    negated.kind = NodeKind::kNot;
    negated.children.push_back(std::move(*node));
    *node = std::move(negated);
    return absl::OkStatus();
  }

  absl::Status ReadGroup(QueryNode* node) {
    const size_t char_offset = token_.char_offset;
    const size_t term_count = query_.terms_.size();
    if (depth_ == kQueryDepthMax) {
      return SyntaxError(char_offset, absl::StrCat("has groups within more than ", kQueryDepthMax, " others"));
    }
    ++depth_;
    Keep();
    MILLRACE_RETURN_IF_ERROR(Advance());
    MILLRACE_RETURN_IF_ERROR(ReadAlternatives(node));
    if (token_.kind != Kind::kClose) {
      return SyntaxError(char_offset,
                         "opens a group that nothing closes; write \")\" behind it, or the tag in quotation marks when "
                         "its name begins with \"(\"");
    }
    if (query_.terms_.size() == term_count) return SyntaxError(char_offset, "has a group without terms");
    --depth_;
    Keep();
    return Advance();
  }

  // The token as a new last term; false when it went into search_.
  absl::StatusOr<bool> ReadTerm() {
    if (query_.terms_.size() == kQueryTermCountMax) {
      return MakeError(Reason::kQueryInvalid,
                       absl::StrCat("the query has more than ", kQueryTermCountMax, " terms, at character ",
                                    token_.char_offset, " (from 0). Use fewer terms"),
                       {{"char_offset", absl::StrCat(token_.char_offset)}});
    }
    QueryTerm term;
    term.text = token_.text;
    term.word = token_.text.substr(token_.sign_count);
    term.char_offset = token_.char_offset;
    if (token_.kind == Kind::kQuotedTag) {
      term.is_quoted = true;
      for (size_t i = 0; i < token_.name.size(); ++i) {
        const bool is_escape = token_.name[i] == '\\' && i + 1 < token_.name.size() &&
                               (token_.name[i + 1] == '"' || token_.name[i + 1] == '\\');
        term.tag += token_.name[is_escape ? ++i : i];
      }
      if (term.tag.empty()) return TermError(term, "names nothing; write a tag between the quotation marks");
    } else if (token_.kind == Kind::kMetatag) {
      const MetatagInfo& info = *FindMetatag(token_.name);
      term.tag = term.word;
      absl::Status fault = ParseMetatagValue(info, token_.value, token_.is_value_quoted, &term);
      const bool may_be_tag = !info.is_original && term.word.find('*') == term.word.npos;
      if (!fault.ok() && !may_be_tag) return fault;
      if (!may_be_tag) term.tag.clear();
      term.fault = std::move(fault);
    } else {
      MILLRACE_ASSIGN_OR_RETURN(const bool is_term, ReadTag(&term));
      if (!is_term) return false;
    }
    query_.terms_.push_back(std::move(term));
    return true;
  }

  absl::StatusOr<bool> ReadTag(QueryTerm* term) {
    const std::string_view name = token_.name;
    if (name.empty() && token_.is_negated)
      return TermError(*term, "negates nothing; write the term right behind the '-'");
    if (name.empty()) return TermError(*term, "has nothing behind the '~'; write the term right behind it");
    if (name.starts_with('~')) {
      return TermError(*term,
                       "has a '~' that is not its first sign; write ~-TERM for an alternative that must not hold, and "
                       "a tag that begins so in quotation marks");
    }
    if (name == "or" || name == "and") {
      return TermError(*term, "has a sign before \"and\" or \"or\"; write a tag of that name in quotation marks");
    }
    if (name.starts_with("order:") || name.starts_with("limit:")) {
      MILLRACE_RETURN_IF_ERROR(ReadSearchTerm(*term));
      return false;
    }
    term->tag = name;
    if (name.find('*') == name.npos) return true;
    Glob pattern(name);
    if (pattern.HasStars()) {
      term->kind = QueryTerm::Kind::kTagPattern;
      term->pattern = std::move(pattern);
    } else {
      term->tag = pattern.prefix();
    }
    return true;
  }

  absl::Status ReadSearchTerm(const QueryTerm& term) {
    const bool is_order = token_.name.starts_with("order:");
    if (search_ == nullptr) {
      return TermError(term, is_order ? "is for searches only; a split's order is a field of the plan"
                                      : "is for searches only; a query selects all posts that match");
    }
    if (depth_ > 0 || token_.sign_count > 0) {
      return TermError(term, "is about the whole search; write it outside of groups and without a sign");
    }
    const std::string_view value = token_.name.substr(sizeof("order:") - 1);
    if (is_order) {
      if (!search_->order.empty()) return TermError(term, "is a second order; write one");
      if (value.empty()) return TermError(term, "names no order; write order:score, for example");
      search_->order = value;
      search_->order_char_offset = term.char_offset;
      return absl::OkStatus();
    }
    if (search_->limit.has_value()) return TermError(term, "is a second limit; write one");
    int64_t limit;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), limit);
    if (error != std::errc() || end != value.data() + value.size() || limit < 0) {
      return TermError(term, "has no number of posts; write limit:N");
    }
    search_->limit = limit;
    return absl::OkStatus();
  }

  QueryLexer lexer_;
  SearchTerms* const search_;
  Query& query_;
  QueryToken token_;
  size_t depth_ = 0;
  bool is_behind_open_ = false;
  bool is_word_open_ = false;  // a ')' right behind the last token would belong to it
};

namespace {

// Characters before the first byte that is not UTF-8.
size_t ValidCharCount(std::string_view text) {
  constexpr size_t kCharBytesMax = 4;
  size_t count = 0;
  while (!text.empty()) {
    size_t size = 1;
    while (size <= kCharBytesMax && !IsValidUtf8(text.substr(0, size))) ++size;
    if (size > kCharBytesMax) break;
    text.remove_prefix(std::min(size, text.size()));
    ++count;
  }
  return count;
}

std::string InGroup(const std::string& text) { return absl::StrCat("(", text, IsOpenAtEnd(text) ? " )" : ")"); }

// Whether a group that the word stands in would end within it.
bool HasUnmatchedClose(std::string_view word) {
  size_t open_count = 0;
  for (const char c : word) {
    if (c == '(') ++open_count;
    if (c == ')' && open_count-- == 0) return true;
  }
  return false;
}

// The value of a metatag between quotation marks, where a backslash is no letter.
std::string QuotedValue(std::string_view value) {
  const bool has_escapes = value.find('*') != value.npos;
  std::string quoted;
  for (size_t i = 0; i < value.size(); ++i) {
    const bool is_escape = has_escapes && value[i] == '\\' && i + 1 < value.size() &&
                           std::string_view("*\"\\").find(value[i + 1]) != std::string_view::npos;
    if (is_escape) {
      quoted += value.substr(i++, 2);
    } else {
      quoted += std::string(value[i] == '"' || value[i] == '\\' ? "\\" : "") + value[i];
    }
  }
  return absl::StrCat("\"", quoted, "\"");
}

// The term without its signs, in quotation marks where it would be read otherwise.
std::string WordOf(const QueryTerm& term, bool is_in_group, bool is_signed) {
  const std::string& word = term.word;
  // Only behind a sign may a term's own first letter look like one.
  const bool is_sign = word.starts_with('-') && !is_signed;
  const size_t value = word.find(':') + 1;
  const bool is_metatag = term.kind == QueryTerm::Kind::kMetatag;
  const bool is_quoted = term.is_quoted || (is_metatag && word[value] == '"');
  if (!is_sign && (is_quoted || !is_in_group || !HasUnmatchedClose(word))) return word;
  if (is_metatag) return absl::StrCat(word.substr(0, value), QuotedValue(std::string_view(word).substr(value)));
  // Patterns have no quotation marks; that a group holds such a word is for people to read.
  if (term.kind == QueryTerm::Kind::kTagPattern)
    return is_sign ? absl::StrCat("-", InGroup(absl::StrCat("-", word))) : word;
  return absl::StrCat("\"", absl::StrReplaceAll(term.tag, {{"\"", "\\\""}, {"\\", "\\\\"}}), "\"");
}

absl::StatusOr<Query> ParseText(std::string_view text, SearchTerms* search) {
  if (text.size() > kQuerySizeBytesMax) {
    return MakeError(Reason::kQueryInvalid,
                     absl::StrCat("the query has ", text.size(), " bytes; at most ", kQuerySizeBytesMax,
                                  " are allowed. Use fewer terms"),
                     {{"char_offset", absl::StrCat(ValidCharCount(text.substr(0, kQuerySizeBytesMax)))}});
  }
  if (!IsValidUtf8(text)) return SyntaxError(ValidCharCount(text), "is not UTF-8; send it in UTF-8");
  Query query;
  MILLRACE_RETURN_IF_ERROR(QueryParser(text, search, &query).Run());
  return query;
}

}  // namespace

absl::StatusOr<Query> Query::Parse(std::string_view text) { return ParseText(text, nullptr); }

absl::StatusOr<Query> Query::ParseSearch(std::string_view text, SearchTerms* search) {
  *search = {};
  return ParseText(text, search);
}

std::string Query::TextOf(const QueryNode& node) const { return TextOf(node, false, false); }

std::string Query::TextOf(const QueryNode& node, bool is_in_group, bool is_signed) const {
  switch (node.kind) {
    case QueryNode::Kind::kTerm:
      return WordOf(terms_[node.term], is_in_group, is_signed);
    case QueryNode::Kind::kNot: {
      const QueryNode& child = node.children.front();
      if (child.kind == QueryNode::Kind::kNot) return absl::StrCat("-", InGroup(TextOf(child, true, false)));
      return absl::StrCat("-", TextOf(child, is_in_group || child.kind != QueryNode::Kind::kTerm, true));
    }
    default: {
      // Outside of groups the outermost needs no parentheses; whatever is in it is in a group.
      const std::string_view glue = node.kind == QueryNode::Kind::kOr ? " or " : " ";
      std::string text;
      for (const QueryNode& child : node.children) {
        const bool is_word = child.kind == QueryNode::Kind::kTerm ||
                             (child.kind == QueryNode::Kind::kNot && child.children[0].kind == QueryNode::Kind::kTerm);
        if (!text.empty()) text += glue;
        text += TextOf(child, is_in_group || !is_word, false);
      }
      return is_in_group ? InGroup(text) : text;
    }
  }
}

}  // namespace millrace
