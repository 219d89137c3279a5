#include "core/query/query_term.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/text.h"
#include "core/model/post.h"
#include "core/query/quantity.h"

namespace millrace {
namespace {

constexpr const char* kStatusWords[] = {"active", "any", "all", "banned", "deleted", "flagged", "modqueue", "pending"};

std::vector<std::string_view> SplitList(std::string_view text) {
  std::vector<std::string_view> parts;
  for (size_t comma; (comma = text.find(',')) != text.npos; text.remove_prefix(comma + 1)) {
    parts.push_back(text.substr(0, comma));
  }
  parts.push_back(text);
  return parts;
}

// The value of a term, and where it stands.
class Value {
 public:
  Value(const QueryTerm& term, std::string_view text, bool is_quoted)
      : text_(text),
        char_offset_(term.char_offset +
                     CountChars(std::string_view(term.text).substr(0, term.text.size() - text.size() - is_quoted))) {}

  std::string_view text() const { return text_; }
  // Requires a part of text() itself, not of a copy.
  TermPart PartAt(std::string_view part) const {
    const size_t begin = static_cast<size_t>(part.data() - text_.data());
    return {std::string(part), char_offset_ + CountChars(text_.substr(0, begin)), part.size() == text_.size()};
  }

 private:
  std::string_view text_;
  size_t char_offset_;
};

std::optional<uint32_t> RatingMaskOf(std::string_view word) {
  constexpr std::string_view kLetters = "sqeg";
  uint32_t mask = 0;
  for (int i = 0; i < kRatingCount; ++i) {
    const std::string_view name = RatingName(static_cast<Rating>(i));
    const bool has_letter = word.size() == 1 && kLetters.find(word[0]) != kLetters.npos && name[0] == word[0];
    if (word == name || has_letter) mask |= 1u << i;
  }
  return mask == 0 ? std::nullopt : std::optional(mask);
}

absl::Status ParseRating(const Value& value, QueryTerm* term) {
  for (const std::string_view word : SplitList(value.text())) {
    const std::optional<uint32_t> mask = RatingMaskOf(word);
    if (!mask.has_value()) {
      return PartError(*term, value.PartAt(word),
                       absl::StrCat("is not a rating; write rating:general, sensitive, questionable, explicit, safe or "
                                    "unspecified, one of the letters g, s, q and e, or several with commas between "
                                    "them; rating:any and rating:none stand alone",
                                    word == "sfw" || word == "nsfw" ? ". Several at once are is:sfw and is:nsfw" : ""));
    }
    term->rating_mask |= *mask;
  }
  return absl::OkStatus();
}

// One value, or a range of them. Nothing when it is none, and then `fault` is what is at fault: all of `text`, or one
// end of the range. An interval may hold no number.
std::optional<Interval> ParseInterval(ValueSyntax syntax, std::string_view text, std::string_view* fault) {
  *fault = text;
  const Interval everything;
  if (const size_t dots = text.find(".."); dots != text.npos) {
    const bool is_open = text.substr(dots).starts_with("...");  // without its end
    const std::string_view first = text.substr(0, dots);
    const std::string_view last = text.substr(dots + (is_open ? 3 : 2));
    if ((first.empty() && last.empty()) || (is_open && last.empty())) return std::nullopt;
    Interval interval;
    if (!first.empty()) {
      const std::optional<Quantity> quantity = ParseQuantity(syntax, first);
      if (!quantity.has_value()) *fault = first;
      if (!quantity.has_value()) return std::nullopt;
      interval.first = quantity->span.first;
    }
    if (!last.empty()) {
      const std::optional<Quantity> quantity = ParseQuantity(syntax, last);
      if (!quantity.has_value()) *fault = last;
      if (!quantity.has_value()) return std::nullopt;
      interval.last = quantity->span.last;
      if (is_open && quantity->span.first == everything.first) return std::nullopt;
      if (is_open) interval.last = quantity->span.first - 1;
    }
    return interval;
  }
  const std::string_view sign = text.substr(0, std::min(text.find_first_not_of("<>="), text.size()));
  const std::optional<Quantity> quantity = ParseQuantity(syntax, text.substr(sign.size()));
  if (!quantity.has_value()) return std::nullopt;
  if (sign.empty()) return quantity->alone;
  if (sign == ">=") return Interval{quantity->span.first, everything.last};
  if (sign == "<=") return Interval{everything.first, quantity->span.last};
  if (sign == ">" && quantity->span.last != everything.last) return Interval{quantity->span.last + 1, everything.last};
  if (sign == "<" && quantity->span.first != everything.first) {
    return Interval{everything.first, quantity->span.first - 1};
  }
  return std::nullopt;
}

// How the values of a syntax are written, for messages.
std::string_view ValuesOf(ValueSyntax syntax) {
  switch (syntax) {
    case ValueSyntax::kDecimal:
      return "N is a number with up to six decimals";
    case ValueSyntax::kSize:
      return "N is a number of bytes, or one with the unit k, m or g";
    case ValueSyntax::kRatio:
      return "N is WIDTH:HEIGHT, or a number with up to two decimals";
    case ValueSyntax::kDate:
      return "N is YEAR, YEAR-MONTH or YEAR-MONTH-DAY, as 2021-06-30";
    case ValueSyntax::kAge:
      return "N is a whole number with a unit: s, mi, h, d, w, mo or y, or its name, as 2weeks";
    default:
      return "N is a whole number of 64 bits";
  }
}

// Puts them in order and makes one of those that overlap or touch: a list of a thousand then costs no more than what it
// holds.
void JoinIntervals(std::vector<Interval>* intervals) {
  std::sort(intervals->begin(), intervals->end(),
            [](const Interval& a, const Interval& b) { return a.first < b.first; });
  size_t last = 0;
  for (size_t i = 1; i < intervals->size(); ++i) {
    Interval& joined = (*intervals)[last];
    const Interval& next = (*intervals)[i];
    if (joined.last == std::numeric_limits<int64_t>::max() || next.first <= joined.last + 1) {
      joined.last = std::max(joined.last, next.last);
    } else {
      (*intervals)[++last] = next;
    }
  }
  intervals->resize(last + 1);
}

// What is asked for in vain more often than it is misspelt.
std::string_view AdviceOn(Metatag metatag) {
  switch (metatag) {
    case Metatag::kUploader:
    case Metatag::kApprover:
      return " Snapshots hold the ids of users and no names: find the id on the board.";
    case Metatag::kPool:
      return " Snapshots hold the ids and kinds of pools and no names: find the id on the board, or write pool:series.";
    case Metatag::kDate:
      return " No day is today in a snapshot; age:<2w is what was made in the two weeks before its newest post.";
    default:
      return "";
  }
}

absl::Status ParseIntervals(const MetatagInfo& info, const Value& value, QueryTerm* term) {
  for (const std::string_view text : SplitList(value.text())) {
    std::string_view fault;
    const std::optional<Interval> interval = ParseInterval(info.syntax, text, &fault);
    if (!interval.has_value()) {
      const std::string p = absl::StrCat(std::string(info.name), ":");
      return PartError(
          *term, value.PartAt(fault),
          absl::StrCat("has no value that fits; write ", p, "N, ", p, ">N, ", p, ">=N, ", p, "<N, ", p, "<=N, ", p,
                       "A..B, ", p, "A...B (without B), ", p, "A.., ", p, "..B or ", p, "A,B,C, where ",
                       std::string(ValuesOf(info.syntax)), ".", std::string(AdviceOn(info.metatag))));
    }
    if (interval->first > interval->last) {
      return PartError(*term, value.PartAt(text),
                       interval->last == interval->first - 1 && text.find("...") != text.npos
                           ? "holds for no number: the last one is left out where three points stand; write two"
                           : "holds for no number, as its first one is the larger; write the smaller one first");
    }
    term->intervals.push_back(*interval);
  }
  JoinIntervals(&term->intervals);
  return absl::OkStatus();
}

void AddWord(const Value& value, std::string_view word, QueryTerm* term) {
  term->words.push_back(absl::AsciiStrToLower(absl::string_view(word.data(), word.size())));
  term->word_parts.push_back(value.PartAt(word));
}

absl::Status ParseMd5(const Value& value, QueryTerm* term) {
  for (const std::string_view word : SplitList(value.text())) {
    if (!HexDecode<16>(word).has_value()) {
      return PartError(*term, value.PartAt(word),
                       "has no MD5 sum of 32 hexadecimal digits; write md5:SUM, md5:any or md5:none");
    }
    AddWord(value, word, term);
  }
  return absl::OkStatus();
}

// Takes over the meaning of another metatag with `any` behind it.
void BecomeAny(Metatag metatag, QueryTerm* term) {
  term->metatag = metatag;
  term->presence = QueryTerm::Presence::kAny;
}

absl::Status ParseHas(std::string_view word, QueryTerm* term) {
  constexpr std::pair<std::string_view, Metatag> kNouns[] = {
      {"children", Metatag::kChild},    {"parent", Metatag::kParent},
      {"pools", Metatag::kPool},        {"source", Metatag::kSource},
      {"pixiv", Metatag::kPixiv},       {"md5", Metatag::kMd5},
      {"score", Metatag::kScore},       {"duration", Metatag::kDuration},
      {"date", Metatag::kDate},         {"filesize", Metatag::kFileSize},
      {"filetype", Metatag::kFileType}, {"user", Metatag::kUploader},
      {"approver", Metatag::kApprover}, {"favcount", Metatag::kFavoriteCount},
      {"child", Metatag::kChild},       {"pool", Metatag::kPool}};
  for (const auto& [noun, metatag] : kNouns) {
    if (noun != word) continue;
    BecomeAny(metatag, term);
    return absl::OkStatus();
  }
  return TermError(*term,
                   "has no meaning; write has: with approver, children, date, duration, favcount, filesize, filetype, "
                   "md5, parent, pixiv, pools, score, source or user");
}

bool IsStatus(std::string_view word) {
  return std::find(std::begin(kStatusWords), std::end(kStatusWords), word) != std::end(kStatusWords);
}

absl::Status ParseIs(std::string_view word, QueryTerm* term) {
  const auto mask = [](std::initializer_list<Rating> ratings) {
    uint32_t bits = 0;
    for (const Rating rating : ratings) bits |= 1u << static_cast<unsigned>(rating);
    return bits;
  };
  if (word == "parent" || word == "child") {
    BecomeAny(word == "parent" ? Metatag::kChild : Metatag::kParent, term);
    return absl::OkStatus();
  }
  if (IsStatus(word) && word != "any" && word != "all") {
    term->metatag = Metatag::kStatus;
    term->words.emplace_back(word);
    return absl::OkStatus();
  }
  term->metatag = Metatag::kRating;
  if (word == "sfw") {
    term->rating_mask = mask({Rating::kGeneral, Rating::kSensitive, Rating::kSafe});
  } else if (word == "nsfw") {
    term->rating_mask = mask({Rating::kQuestionable, Rating::kExplicit});
  } else if (const auto named = RatingMaskOf(word); named.has_value() && word.size() > 1) {
    term->rating_mask = *named;
  } else {
    return TermError(*term,
                     "has no meaning; write is: with parent, child, sfw, nsfw, a rating in full, active, banned, "
                     "deleted, flagged, modqueue or pending");
  }
  return absl::OkStatus();
}

absl::Status ParseWords(const MetatagInfo& info, const Value& value, QueryTerm* term) {
  if (info.metatag == Metatag::kIs) return ParseIs(value.text(), term);
  if (info.metatag == Metatag::kHas) return ParseHas(value.text(), term);
  for (const std::string_view word : SplitList(value.text())) {
    if (word.empty()) {
      return PartError(*term, value.PartAt(word),
                       "names nothing; write a word behind the colon and behind every comma");
    }
    if (info.metatag == Metatag::kStatus && !IsStatus(word)) {
      return PartError(*term, value.PartAt(word),
                       absl::StrCat("names no status; write one of ", absl::StrJoin(kStatusWords, ", ")));
    }
    AddWord(value, word, term);
  }
  return absl::OkStatus();
}

absl::Status ParseSource(std::string_view value, bool is_quoted, QueryTerm* term) {
  if (value.empty()) return TermError(*term, "names no text; write source:TEXT, source:any or source:none");
  // Sources are looked up by their beginnings, in letters of either case.
  // A backslash is a letter but where a '*' could be meant.
  const bool is_literal = !is_quoted && value.find('*') == value.npos;
  const absl::string_view text(value.data(), value.size());
  term->pattern.emplace(is_literal ? absl::StrReplaceAll(text, {{"\\", "\\\\"}}) : std::string(value));
  term->pattern->OpenEnd();
  term->pattern->LowerAscii();
  return absl::OkStatus();
}

absl::Status ParsePool(const MetatagInfo& info, const Value& value, QueryTerm* term) {
  const std::string_view text = value.text();
  const bool is_word = !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalpha(static_cast<unsigned char>(c)) || c == '_' || c == ',';
  });
  return is_word ? ParseWords(info, value, term) : ParseIntervals(info, value, term);
}

}  // namespace

size_t CountChars(std::string_view text) {
  // Every character has one byte that does not go on with another.
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

absl::Status SyntaxError(size_t char_offset, std::string_view what) {
  return MakeError(Reason::kQueryInvalid,
                   absl::StrCat("the query, at character ", char_offset, " (from 0), ", std::string(what)),
                   {{"char_offset", absl::StrCat(char_offset)}});
}

absl::Status TermError(const QueryTerm& term, std::string_view what) {
  return MakeError(Reason::kQueryInvalid,
                   absl::StrCat("the term ", QuoteForMessage(term.text), " at character ", term.char_offset,
                                " (from 0) ", std::string(what)),
                   {{"char_offset", absl::StrCat(term.char_offset)}});
}

absl::Status PartError(const QueryTerm& term, const TermPart& part, std::string_view what) {
  if (part.is_whole) return TermError(term, what);
  const std::string name = part.text.empty() ? "the empty part" : absl::StrCat("its ", QuoteForMessage(part.text));
  return MakeError(Reason::kQueryInvalid,
                   absl::StrCat("the term ", QuoteForMessage(term.text), " at character ", term.char_offset,
                                " (from 0), by ", name, " at character ", part.char_offset, ", ", std::string(what)),
                   {{"char_offset", absl::StrCat(part.char_offset)}});
}

absl::Status ParseMetatagValue(const MetatagInfo& info, std::string_view text, bool is_quoted, QueryTerm* term) {
  term->kind = QueryTerm::Kind::kMetatag;
  term->metatag = info.metatag;
  term->category = info.category;
  const bool has_presence =
      info.metatag != Metatag::kStatus && info.metatag != Metatag::kIs && info.metatag != Metatag::kHas;
  if (has_presence && !is_quoted && (text == "any" || text == "none")) {
    const bool is_any = text == "any";
    if (info.metatag == Metatag::kRating) {
      // The rating that is none is one of them, so that no reader has to look for what is absent.
      constexpr uint32_t kNoRating = 1u << static_cast<unsigned>(Rating::kUnspecified);
      term->rating_mask = is_any ? ((1u << kRatingCount) - 1) & ~kNoRating : kNoRating;
    } else {
      term->presence = is_any ? QueryTerm::Presence::kAny : QueryTerm::Presence::kNone;
    }
    return absl::OkStatus();
  }
  const Value value(*term, text, is_quoted);
  switch (info.syntax) {
    case ValueSyntax::kRating:
      return ParseRating(value, term);
    case ValueSyntax::kMd5:
      return ParseMd5(value, term);
    case ValueSyntax::kWord:
      return ParseWords(info, value, term);
    case ValueSyntax::kText:
      return ParseSource(text, is_quoted, term);
    case ValueSyntax::kPool:
      return ParsePool(info, value, term);
    default:
      return ParseIntervals(info, value, term);
  }
}

}  // namespace millrace
