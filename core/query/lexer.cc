#include "core/query/lexer.h"

#include <algorithm>

#include "core/base/error.h"
#include "core/query/metatag.h"
#include "core/query/query_term.h"

namespace millrace {
namespace {

using Kind = QueryToken::Kind;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
// Such a character could not be shown, and canonical forms have no way of writing it.
bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

// Where the word that begins at `begin` ends.
size_t EndOfWord(std::string_view text, size_t begin, bool is_in_group) {
  size_t open_count = 0;
  size_t end = begin;
  for (; end < text.size() && !IsSpace(text[end]); ++end) {
    if (text[end] == '(') ++open_count;
    if (text[end] != ')') continue;
    if (open_count == 0 && is_in_group) break;
    if (open_count > 0) --open_count;
  }
  return end;
}

}  // namespace

void QueryLexer::Skip(size_t size_bytes) {
  char_offset_ += CountChars(rest_.substr(0, size_bytes));
  rest_.remove_prefix(size_bytes);
}

absl::Status QueryLexer::ReadQuoted(size_t begin, size_t char_offset, bool is_in_group, size_t* end) const {
  size_t i = begin + 1;
  while (i < rest_.size() && rest_[i] != '"') i += rest_[i] == '\\' && i + 1 < rest_.size() ? 2 : 1;
  if (i >= rest_.size()) {
    return SyntaxError(char_offset, "has a quotation mark that no other one closes; write \\\" for one within a name");
  }
  *end = i + 1;
  if (*end == rest_.size() || IsSpace(rest_[*end]) || (is_in_group && rest_[*end] == ')')) return absl::OkStatus();
  return SyntaxError(char_offset_ + CountChars(rest_.substr(0, *end)),
                     "goes on right behind a quotation mark; write a space there");
}

absl::StatusOr<QueryToken> QueryLexer::Next(size_t depth) {
  const bool is_in_group = depth > 0;
  while (!rest_.empty() && IsSpace(rest_.front())) Skip(1);
  QueryToken token;
  token.char_offset = char_offset_;
  if (rest_.empty()) return token;
  if (is_in_group && rest_.front() == ')') {
    token.kind = Kind::kClose;
    token.text = rest_.substr(0, 1);
    Skip(1);
    if (depth == 1 && rest_.starts_with(')')) return SyntaxError(char_offset_, "closes a group that is not open");
    // "(a)b" would be read otherwise than it looks.
    if (!rest_.empty() && !IsSpace(rest_.front()) && rest_.front() != ')') {
      return SyntaxError(char_offset_,
                         "goes on right behind a group; write a space there, or the tag in quotation marks when the "
                         "parentheses belong to its name");
    }
    return token;
  }
  size_t begin = 0;
  token.is_alternative = rest_[begin] == '~';
  if (token.is_alternative) ++begin;
  token.is_negated = begin < rest_.size() && rest_[begin] == '-';
  if (token.is_negated) ++begin;
  token.sign_count = begin;
  const char first = begin < rest_.size() ? rest_[begin] : ' ';
  size_t end = begin;
  if (first == '(') {
    token.kind = Kind::kOpen;
    end = begin + 1;
  } else if (first == '"') {
    token.kind = Kind::kQuotedTag;
    MILLRACE_RETURN_IF_ERROR(ReadQuoted(begin, char_offset_ + begin, is_in_group, &end));
    token.name = rest_.substr(begin + 1, end - begin - 2);
  } else {
    end = EndOfWord(rest_, begin, is_in_group);
    token.kind = Kind::kTag;
    token.name = rest_.substr(begin, end - begin);
    const size_t colon = token.name.find(':');
    if (colon != token.name.npos && FindMetatag(token.name.substr(0, colon)) != nullptr) {
      const size_t value_begin = begin + colon + 1;
      token.kind = Kind::kMetatag;
      token.name = rest_.substr(begin, colon);
      token.is_value_quoted = value_begin < rest_.size() && rest_[value_begin] == '"';
      if (token.is_value_quoted) {
        MILLRACE_RETURN_IF_ERROR(
            ReadQuoted(value_begin, char_offset_ + CountChars(rest_.substr(0, value_begin)), is_in_group, &end));
        token.value = rest_.substr(value_begin + 1, end - value_begin - 2);
      } else {
        token.value = rest_.substr(value_begin, end - value_begin);
      }
    } else if (token.sign_count == 0 && (token.name == "or" || token.name == "and")) {
      token.kind = token.name == "or" ? Kind::kOr : Kind::kAnd;
    }
  }
  token.text = rest_.substr(0, end);
  if (std::any_of(token.text.begin(), token.text.end(), IsControl)) {
    QueryTerm term;
    term.text = token.text;
    term.char_offset = token.char_offset;
    return TermError(term, "holds a control character; remove it");
  }
  Skip(end);
  return token;
}

}  // namespace millrace
