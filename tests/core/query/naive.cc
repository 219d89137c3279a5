#include "tests/core/query/naive.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <string_view>

#include "core/base/text.h"
#include "tests/core/snapshot/naive_tags.h"
#include "tests/support/catch.h"

namespace millrace::testing {
namespace {

using Presence = QueryTerm::Presence;

std::string Lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

// Whether the text is what the pattern stands for, trying every length for every star.
bool MatchesPattern(std::string_view pattern, std::string_view text) {
  if (pattern.empty()) return text.empty();
  if (pattern[0] == '*') {
    return MatchesPattern(pattern.substr(1), text) || (!text.empty() && MatchesPattern(pattern, text.substr(1)));
  }
  const bool is_escape =
      pattern[0] == '\\' && pattern.size() > 1 && (pattern[1] == '*' || pattern[1] == '"' || pattern[1] == '\\');
  if (is_escape) pattern.remove_prefix(1);
  return !text.empty() && text[0] == pattern[0] && MatchesPattern(pattern.substr(1), text.substr(1));
}

// What a query is about: the snapshot, and how its posts' tags are read.
struct Read {
  const Content& content;
  TagReading reading;
  NaiveTags tags{content};
};

bool HasTagMeaning(const Post& post, const Read& read, const std::string& name) {
  return std::any_of(post.tag_ids.begin(), post.tag_ids.end(),
                     [&](int64_t id) { return read.tags.Means(read.tags.TagOf(id).name, name, read.reading); });
}

// Of any name that matches, whether a post says it or aliases and implications alone speak of it.
bool HasTagMatching(const Post& post, const Read& read, const std::string& pattern) {
  std::set<std::string> names;
  for (const Tag& tag : read.content.tags) names.insert(tag.name);
  for (const auto* const relations : {&read.content.facts.aliases, &read.content.facts.implications}) {
    for (const TagRelation& relation : *relations) names.insert({relation.antecedent, relation.consequent});
  }
  return std::any_of(names.begin(), names.end(), [&](const std::string& name) {
    return MatchesPattern(pattern, name) && HasTagMeaning(post, read, name);
  });
}

bool InOne(const QueryTerm& term, int64_t value) {
  return std::any_of(term.intervals.begin(), term.intervals.end(),
                     [&](const Interval& i) { return i.first <= value && value <= i.last; });
}

template <typename T>
bool Number(const QueryTerm& term, const std::optional<T>& value) {
  if (term.presence == Presence::kAny) return value.has_value();
  if (term.presence == Presence::kNone) return !value.has_value();
  return value.has_value() && InOne(term, *value);
}

bool Sides(const QueryTerm& term, const Post& post) {
  const bool has_both = post.width_px.has_value() && post.height_px.has_value();
  if (term.presence != Presence::kValue) return has_both == (term.presence == Presence::kAny);
  if (!has_both || *post.width_px <= 0 || *post.height_px <= 0) return false;
  const int64_t w = *post.width_px;
  const int64_t h = *post.height_px;
  if (term.metatag == Metatag::kMegapixels) return InOne(term, w * h);
  // Hundredths, rounded half up: the largest r with (2 r - 1) h <= 200 w.
  int64_t ratio = 100 * w / h;
  if (2 * (100 * w % h) >= h) ++ratio;
  return InOne(term, ratio);
}

bool IsParent(const Post& post, const Content& content, const QueryTerm* of_ids) {
  return std::any_of(content.posts.begin(), content.posts.end(), [&](const Post& other) {
    return other.parent_id == post.id && (of_ids == nullptr || InOne(*of_ids, other.id));
  });
}

bool HasStatus(const Post& post, const std::string& word) {
  const auto is = [&](PostFlag flag) { return post.flags.Get(flag).value_or(false); };
  if (word == "any" || word == "all") return true;
  if (word == "active") return !is(PostFlag::kPending) && !is(PostFlag::kFlagged) && !is(PostFlag::kDeleted);
  if (word == "modqueue") return is(PostFlag::kPending) || is(PostFlag::kFlagged);
  if (word == "pending") return is(PostFlag::kPending);
  if (word == "flagged") return is(PostFlag::kFlagged);
  if (word == "deleted") return is(PostFlag::kDeleted);
  return is(PostFlag::kBanned);
}

// Whether there are values at all, or one of them is one of the words.
bool Word(const QueryTerm& term, const std::vector<std::string>& values) {
  if (term.presence != Presence::kValue) return values.empty() != (term.presence == Presence::kAny);
  return std::any_of(term.words.begin(), term.words.end(),
                     [&](const std::string& word) { return std::count(values.begin(), values.end(), word) > 0; });
}

bool Pool(const QueryTerm& term, const Post& post) {
  if (term.presence != Presence::kValue) return post.pools.empty() != (term.presence == Presence::kAny);
  return std::any_of(post.pools.begin(), post.pools.end(), [&](const millrace::Pool& pool) {
    return term.words.empty() ? InOne(term, pool.id) : std::count(term.words.begin(), term.words.end(), pool.kind) > 0;
  });
}

std::string ValueOf(const QueryTerm& term) {
  std::string value = term.word.substr(term.word.find(':') + 1);
  if (value.size() > 1 && value.front() == '"') value = value.substr(1, value.size() - 2);
  return value;
}

bool Source(const QueryTerm& term, const Post& post) {
  if (term.presence != Presence::kValue) return post.source.empty() != (term.presence == Presence::kAny);
  return !post.source.empty() && MatchesPattern(Lowered(ValueOf(term)) + "*", Lowered(post.source));
}

bool Age(const QueryTerm& term, const Post& post, const Content& content) {
  if (term.presence != Presence::kValue) return post.created_at_us.has_value() == (term.presence == Presence::kAny);
  int64_t now = INT64_MIN;
  for (const Post& other : content.posts) now = std::max(now, other.created_at_us.value_or(INT64_MIN));
  return post.created_at_us.has_value() && InOne(term, now - *post.created_at_us);
}

bool Count(const QueryTerm& term, int64_t count) {
  if (term.presence != Presence::kValue) return (count > 0) == (term.presence == Presence::kAny);
  return InOne(term, count);
}

int64_t CategoryCount(const QueryTerm& term, const Post& post, const Read& read) {
  const std::set<int64_t> ids = read.tags.IdsOf(post, read.reading);
  return std::count_if(ids.begin(), ids.end(),
                       [&](int64_t id) { return static_cast<int>(read.tags.TagOf(id).category) == term.category; });
}

bool Holds(const QueryTerm& term, const Post& post, const Read& read) {
  const Content& content = read.content;
  if (term.kind == QueryTerm::Kind::kTag) return HasTagMeaning(post, read, term.tag);
  if (term.kind == QueryTerm::Kind::kTagPattern) return HasTagMatching(post, read, term.word);
  switch (term.metatag) {
    case Metatag::kRating:
      if (term.word == "rating:any") return post.rating != Rating::kUnspecified;
      if (term.word == "rating:none") return post.rating == Rating::kUnspecified;
      return (term.rating_mask >> static_cast<unsigned>(post.rating) & 1) != 0;
    case Metatag::kId:
      return Number(term, std::optional(post.id));
    case Metatag::kScore:
      return Number(term, post.score);
    case Metatag::kWidth:
      return Number(term, post.width_px);
    case Metatag::kHeight:
      return Number(term, post.height_px);
    case Metatag::kMd5:
      return Word(term,
                  post.md5.has_value() ? std::vector<std::string>{HexEncode(*post.md5)} : std::vector<std::string>());
    case Metatag::kRatio:
    case Metatag::kMegapixels:
      return Sides(term, post);
    case Metatag::kFileSize:
      return Number(term, post.file_size_bytes);
    case Metatag::kFileType:
      return Word(term, post.file_ext.empty() ? std::vector<std::string>() : std::vector<std::string>{post.file_ext});
    case Metatag::kDate:
      return Number(term, post.created_at_us);
    case Metatag::kAge:
      return Age(term, post, content);
    case Metatag::kSource:
      return Source(term, post);
    case Metatag::kPixiv:
      return Number(term, post.pixiv_id);
    case Metatag::kParent:
      return Number(term, post.parent_id);
    case Metatag::kChild:
      if (term.presence == Presence::kValue) return IsParent(post, content, &term);
      return IsParent(post, content, nullptr) == (term.presence == Presence::kAny);
    case Metatag::kPool:
      return Pool(term, post);
    case Metatag::kTagCount:
      return Count(term, static_cast<int64_t>(read.tags.IdsOf(post, read.reading).size()));
    case Metatag::kCategoryTagCount:
      return Count(term, CategoryCount(term, post, read));
    case Metatag::kStatus:
      return std::any_of(term.words.begin(), term.words.end(),
                         [&](const std::string& word) { return HasStatus(post, word); });
    case Metatag::kUploader:
      return Number(term, post.uploader_id);
    case Metatag::kApprover:
      return Number(term, post.approver_id);
    default:
      FAIL("no definition of " << term.word);
      return false;
  }
}

bool HoldsNode(const Query& query, const QueryNode& node, const Post& post, const Read& read) {
  const auto holds = [&](const QueryNode& child) { return HoldsNode(query, child, post, read); };
  switch (node.kind) {
    case QueryNode::Kind::kTerm:
      return Holds(query.terms()[node.term], post, read);
    case QueryNode::Kind::kNot:
      return !holds(node.children.front());
    case QueryNode::Kind::kAnd:
      return std::all_of(node.children.begin(), node.children.end(), holds);
    case QueryNode::Kind::kOr:
      return std::any_of(node.children.begin(), node.children.end(), holds);
  }
  return false;
}

}  // namespace

bool MatchesNaively(const Query& query, const Post& post, const Content& content, TagReading reading) {
  return HoldsNode(query, query.root(), post, {content, reading});
}

}  // namespace millrace::testing
