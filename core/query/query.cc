#include "core/query/query.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/model/post.h"

namespace millrace {
namespace {

using Field = QueryTerm::Field;

constexpr int64_t kNumberMin = std::numeric_limits<int64_t>::min();
constexpr int64_t kNumberMax = std::numeric_limits<int64_t>::max();

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

// In UTF-8 every character has one byte that does not go on with another.
size_t CharCount(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

struct Metatag {
  std::string_view prefix;
  Field field;
};
constexpr Metatag kMetatags[] = {
    {"rating:", Field::kRating}, {"id:", Field::kId},         {"score:", Field::kScore},
    {"width:", Field::kWidth},   {"height:", Field::kHeight},
};

absl::Status ParseRating(std::string_view word, QueryTerm* term) {
  constexpr std::string_view kLetters = "sqeg";
  for (int i = 0; i < kRatingCount; ++i) {
    const std::string_view name = RatingName(static_cast<Rating>(i));
    const bool has_letter = word.size() == 1 && kLetters.find(word[0]) != kLetters.npos && name[0] == word[0];
    if (word == name || has_letter) term->rating_mask |= 1u << i;
  }
  if (term->rating_mask != 0) return absl::OkStatus();
  return TermError(*term,
                   "is not a rating; write rating:general, sensitive, questionable, explicit, safe or unspecified, "
                   "or one of the letters g, s, q and e");
}

// The whole text as a number: digits, an optional '-' before them.
std::optional<int64_t> ParseNumber(std::string_view text) {
  int64_t number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// False when the text is no range. An end that is open goes to the last number there is.
bool ParseBounds(std::string_view text, QueryTerm* term) {
  term->first = kNumberMin;
  term->last = kNumberMax;
  if (const size_t dots = text.find(".."); dots != text.npos) {
    const std::string_view first = text.substr(0, dots);
    const std::string_view last = text.substr(dots + 2);
    const auto first_number = first.empty() ? std::optional(kNumberMin) : ParseNumber(first);
    const auto last_number = last.empty() ? std::optional(kNumberMax) : ParseNumber(last);
    if (!first_number.has_value() || !last_number.has_value() || (first.empty() && last.empty())) return false;
    term->first = *first_number;
    term->last = *last_number;
    return true;
  }
  const size_t sign_size = text.find_first_not_of("<>=");
  const std::string_view sign = text.substr(0, std::min(sign_size, text.size()));
  const std::optional<int64_t> number = ParseNumber(text.substr(sign.size()));
  if (!number.has_value()) return false;
  if (sign.empty()) {
    term->first = term->last = *number;
  } else if (sign == ">=") {
    term->first = *number;
  } else if (sign == "<=") {
    term->last = *number;
  } else if (sign == ">" && *number != kNumberMax) {
    term->first = *number + 1;
  } else if (sign == "<" && *number != kNumberMin) {
    term->last = *number - 1;
  } else {
    return false;
  }
  return true;
}

absl::Status ParseRange(std::string_view name, std::string_view range, QueryTerm* term) {
  if (!ParseBounds(range, term)) {
    const std::string prefix(name);
    return TermError(*term, absl::StrCat("has no range of whole numbers of 64 bits; write ", prefix, "N, ", prefix,
                                         ">N, ", prefix, ">=N, ", prefix, "<N, ", prefix, "<=N, ", prefix, "A..B, ",
                                         prefix, "A.. or ", prefix, "..B"));
  }
  if (term->first <= term->last) return absl::OkStatus();
  return TermError(*term, "holds for no number, as its first one is the larger; write the smaller one first");
}

// What later versions of the language will give a meaning; so a plan that is made today can keep its own.
std::optional<std::string_view> ReservedFault(std::string_view term) {
  if (term.starts_with('~')) return "begins with '~', which is reserved; groups of alternatives are not there yet";
  if (term.starts_with('(')) return "begins with '(', which is reserved; groups are not there yet";
  if (term.starts_with('"')) return "begins with a quotation mark, which is reserved; write tags without quotes";
  if (term.find('*') != term.npos) return "holds '*', which is reserved; name tags in full";
  if (term == "or" || term == "and") return "is reserved; terms all have to hold, so leave \"and\" out";
  if (term.starts_with("order:")) return "is reserved; a split's order is a field of the plan";
  if (term.starts_with("limit:")) return "is reserved; a query selects all posts that match";
  return std::nullopt;
}

absl::Status ParseTerm(QueryTerm* term) {
  std::string_view rest = term->text;
  // Such a character could not be shown, and canonical forms have no way of writing it.
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; };
  if (std::any_of(rest.begin(), rest.end(), is_control)) {
    return TermError(*term, "holds a control character; remove it");
  }
  term->is_negated = rest.starts_with('-');
  if (term->is_negated) rest.remove_prefix(1);
  if (rest.empty()) return TermError(*term, "negates nothing; write the term right behind the '-'");
  if (const auto fault = ReservedFault(rest)) return TermError(*term, *fault);
  for (const Metatag& metatag : kMetatags) {
    if (!rest.starts_with(metatag.prefix)) continue;
    term->field = metatag.field;
    rest.remove_prefix(metatag.prefix.size());
    return metatag.field == Field::kRating ? ParseRating(rest, term) : ParseRange(metatag.prefix, rest, term);
  }
  term->field = Field::kTag;
  term->tag = rest;
  return absl::OkStatus();
}

}  // namespace

absl::Status TermError(const QueryTerm& term, std::string_view what) {
  return MakeError(Reason::kQueryInvalid,
                   absl::StrCat("the term ", QuoteForMessage(term.text), " at character ", term.char_offset,
                                " (from 0) ", std::string(what)),
                   {{"char_offset", absl::StrCat(term.char_offset)}});
}

absl::StatusOr<Query> Query::Parse(std::string_view text) {
  if (text.size() > kQuerySizeBytesMax) {
    return MakeError(Reason::kQueryInvalid, absl::StrCat("the query has ", text.size(), " bytes; at most ",
                                                         kQuerySizeBytesMax, " are allowed. Use fewer terms"));
  }
  if (!IsValidUtf8(text)) return MakeError(Reason::kQueryInvalid, "the query is not UTF-8; send it in UTF-8");
  Query query;
  size_t char_offset = 0;
  while (!text.empty()) {
    const auto is_end = std::find_if(text.begin(), text.end(), IsSpace);
    const std::string_view word = text.substr(0, static_cast<size_t>(is_end - text.begin()));
    if (word.empty()) {
      text.remove_prefix(1);
      ++char_offset;
      continue;
    }
    if (query.terms_.size() == kQueryTermCountMax) {
      return MakeError(Reason::kQueryInvalid,
                       absl::StrCat("the query has more than ", kQueryTermCountMax, " terms, at character ",
                                    char_offset, " (from 0). Use fewer terms"));
    }
    QueryTerm term;
    term.text = word;
    term.char_offset = char_offset;
    MILLRACE_RETURN_IF_ERROR(ParseTerm(&term));
    absl::StrAppend(&query.text_, query.text_.empty() ? "" : " ", term.text);
    query.terms_.push_back(std::move(term));
    text.remove_prefix(word.size());
    char_offset += CharCount(word);
  }
  return query;
}

}  // namespace millrace
