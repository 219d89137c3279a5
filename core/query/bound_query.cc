#include "core/query/bound_query.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "core/base/error.h"
#include "core/base/text.h"
#include "core/query/snapshot_clock.h"
#include "core/query/tag_names.h"
#include "core/query/word_hint.h"
#include "core/snapshot/applied_tags.h"
#include "core/snapshot/post_columns.h"

namespace millrace {
namespace {

using Kind = BoundTerm::Kind;
using Presence = QueryTerm::Presence;
using snapshot_file::Field;
using snapshot_file::PostColumns;
using snapshot_file::TextColumn;

constexpr int64_t kRowsPerRead = 65536;

std::string Lowered(std::string_view text) {
  return absl::AsciiStrToLower(absl::string_view(text.data(), text.size()));
}

// How file types are compared.
std::string FileTypeOf(std::string_view text) {
  std::string word = Lowered(text);
  return word == "jpeg" ? "jpg" : word;
}

// What an import named may be any text.
std::string WordForMessage(std::string_view word) {
  const bool is_plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '-';
  });
  return is_plain ? std::string(word) : QuoteForMessage(word);
}

// In quotation marks, `last_glue` before the last one.
std::string JoinNames(const std::vector<std::string>& names, const char* last_glue) {
  std::string joined;
  for (size_t i = 0; i < names.size(); ++i) {
    absl::StrAppend(&joined, i == 0 ? "" : i + 1 < names.size() ? ", " : last_glue, QuoteForMessage(names[i]));
  }
  return joined;
}

class Binder {
 public:
  Binder(const Snapshot& snapshot, TagReading reading, const Cancelled& cancelled)
      : snapshot_(snapshot),
        columns_(snapshot.columns()),
        reading_(reading),
        cancelled_(cancelled),
        names_(snapshot, reading, cancelled) {}

  absl::StatusOr<BoundTerm> Bind(const QueryTerm& term) const {
    BoundTerm bound;
    bound.presence = term.presence;
    bound.intervals = term.intervals;
    if (term.kind == QueryTerm::Kind::kTagPattern) {
      MILLRACE_RETURN_IF_ERROR(BindPattern(term, &bound));
      return bound;
    }
    if (!term.tag.empty()) {
      bool is_tag = term.kind == QueryTerm::Kind::kTag;
      if (!is_tag) {
        // No metatag loses its meaning to an alias.
        MILLRACE_ASSIGN_OR_RETURN(is_tag, names_.IsCarried(term.tag));
      }
      if (is_tag) {
        MILLRACE_RETURN_IF_ERROR(BindTag(term, &bound));
        return bound;
      }
    }
    MILLRACE_RETURN_IF_ERROR(term.fault);
    MILLRACE_RETURN_IF_ERROR(BindMetatag(term, &bound));
    return bound;
  }

 private:
  absl::Status SetTags(std::vector<uint32_t> tag_indexes, BoundTerm* bound) const {
    MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const int64_t> post_counts, snapshot_.TagPostCounts());
    bound->kind = Kind::kTags;
    bound->presence = Presence::kValue;
    for (const uint32_t tag_index : tag_indexes) bound->tag_use_count += post_counts[tag_index];
    bound->tag_indexes = std::move(tag_indexes);
    return absl::OkStatus();
  }

  absl::Status BindTag(const QueryTerm& term, BoundTerm* bound) const {
    MILLRACE_ASSIGN_OR_RETURN(std::vector<uint32_t> tag_indexes, names_.Find(term.tag));
    if (tag_indexes.empty()) return NoSuchTag(term);
    MILLRACE_ASSIGN_OR_RETURN(bound->alias_of, names_.AliasOf(term.tag));
    return SetTags(std::move(tag_indexes), bound);
  }

  absl::Status BindPattern(const QueryTerm& term, BoundTerm* bound) const {
    if (term.pattern->IsEverything()) {
      // Whoever has a tag has one in either reading.
      bound->kind = Kind::kTagCount;
      bound->intervals = {{1, std::numeric_limits<int64_t>::max()}};
      return absl::OkStatus();
    }
    MILLRACE_ASSIGN_OR_RETURN(std::vector<uint32_t> tag_indexes, names_.FindAll(*term.pattern));
    if (!tag_indexes.empty()) return SetTags(std::move(tag_indexes), bound);
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_.SuggestFor(*term.pattern));
    const std::string hint = names.empty()
                                 ? ""
                                 : absl::StrCat(" Nearest to its ", QuoteForMessage(term.pattern->longest_part()),
                                                names.size() == 1 ? " is " : " are ", JoinNames(names, " and "), ".");
    return TermError(
        term, absl::StrCat("matches no tag of snapshot ", snapshot_.digest(), "; correct it or leave it out.", hint,
                           " A '*' that belongs to a name is written \\*"));
  }

  absl::Status NoSuchTag(const QueryTerm& term) const {
    MILLRACE_ASSIGN_OR_RETURN(const std::vector<std::string> names, names_.Suggest(term.tag));
    std::string hint = names.empty() ? "" : absl::StrCat(" Did you mean ", JoinNames(names, " or "), "?");
    if (!term.is_quoted) hint += WordHint(term.tag, names);
    return TermError(term, absl::StrCat("names a tag that no post of snapshot ", snapshot_.digest(),
                                        " has; correct it or leave it out.", hint));
  }

  // For a value that no post can have, because none has any.
  absl::Status Lacking(const QueryTerm& term) const {
    return TermError(term, absl::StrCat("asks for what no post of snapshot ", snapshot_.digest(),
                                        " has: its source did not tell. Leave the term out"));
  }

  absl::Status BindMetatag(const QueryTerm& term, BoundTerm* bound) const {
    switch (term.metatag) {
      case Metatag::kRating:
        bound->kind = Kind::kRating;
        bound->rating_mask = term.rating_mask;
        return absl::OkStatus();
      case Metatag::kId:
        return BindIds(bound);
      case Metatag::kScore:
        return BindOriginal(Field::kScore, bound);
      case Metatag::kWidth:
        return BindOriginal(Field::kWidthPx, bound);
      case Metatag::kHeight:
        return BindOriginal(Field::kHeightPx, bound);
      case Metatag::kMd5:
        return BindMd5(term, bound);
      case Metatag::kFavoriteCount:
        return BindNumber<int32_t>(term, Field::kFavoriteCount, bound);
      case Metatag::kDuration:
        return BindNumber<int64_t>(term, Field::kDurationUs, bound);
      case Metatag::kRatio:
        return BindSides(term, Kind::kRatio, bound);
      case Metatag::kMegapixels:
        return BindSides(term, Kind::kPixels, bound);
      case Metatag::kFileSize:
        return BindNumber<int64_t>(term, Field::kFileSizeBytes, bound);
      case Metatag::kFileType:
        return BindFileType(term, bound);
      case Metatag::kDate:
        return BindNumber<int64_t>(term, Field::kCreatedAtUs, bound);
      case Metatag::kAge:
        return BindAge(term, bound);
      case Metatag::kSource:
        bound->kind = Kind::kSource;
        if (term.pattern.has_value()) bound->patterns.push_back(*term.pattern);
        return CheckPresent(columns_.source().is_present(), term);
      case Metatag::kPixiv:
        return BindNumber<int64_t>(term, Field::kPixivId, bound);
      case Metatag::kParent:
        return BindNumber<int64_t>(term, Field::kParentId, bound);
      case Metatag::kChild:
        return BindChild(term, bound);
      case Metatag::kPool:
        return BindPool(term, bound);
      case Metatag::kTagCount:
        bound->kind = Kind::kTagCount;
        return CountApplied(bound);
      case Metatag::kCategoryTagCount:
        bound->kind = Kind::kCategoryTagCount;
        bound->category = term.category;
        return CountApplied(bound);
      case Metatag::kStatus:
        return BindStatus(term, bound);
      case Metatag::kUploader:
        return BindNumber<int64_t>(term, Field::kUploaderId, bound);
      case Metatag::kApprover:
        return BindNumber<int64_t>(term, Field::kApproverId, bound);
      case Metatag::kIs:
      case Metatag::kHas:
        break;  // became others when they were parsed
    }
    return MakeError(Reason::kInternal, absl::StrCat("the term ", QuoteForMessage(term.text), " has no meaning"));
  }

  absl::Status CountApplied(BoundTerm* bound) const {
    MILLRACE_ASSIGN_OR_RETURN(bound->relations, RelationsFor(snapshot_, reading_));
    return absl::OkStatus();
  }

  // Whether a post has a value may be asked of any snapshot; which value it has, of one that knows some.
  absl::Status CheckPresent(bool is_present, const QueryTerm& term) const {
    return is_present || term.presence != Presence::kValue ? absl::OkStatus() : Lacking(term);
  }

  // As the language's first version took it: without the column, no post is in any range.
  absl::Status BindOriginal(Field field, BoundTerm* bound) const {
    bound->kind = Kind::kInt32;
    bound->field = field;
    return absl::OkStatus();
  }

  template <typename T>
  absl::Status BindNumber(const QueryTerm& term, Field field, BoundTerm* bound) const {
    bound->kind = std::is_same_v<T, int32_t> ? Kind::kInt32 : Kind::kInt64;
    bound->field = field;
    return CheckPresent(columns_.OptionalColumn<T>(field).is_present(), term);
  }

  absl::Status BindSides(const QueryTerm& term, Kind kind, BoundTerm* bound) const {
    bound->kind = kind;
    return CheckPresent(columns_.OptionalColumn<int32_t>(Field::kWidthPx).is_present() &&
                            columns_.OptionalColumn<int32_t>(Field::kHeightPx).is_present(),
                        term);
  }

  absl::StatusOr<std::pair<int64_t, int64_t>> RowsOfIds(const Interval& ids) const {
    MILLRACE_ASSIGN_OR_RETURN(const int64_t first, snapshot_.LowerBoundRow(ids.first));
    int64_t end = snapshot_.post_count();
    if (ids.last != std::numeric_limits<int64_t>::max()) {
      MILLRACE_ASSIGN_OR_RETURN(end, snapshot_.LowerBoundRow(ids.last + 1));
    }
    return std::pair(first, end);
  }

  absl::Status BindIds(BoundTerm* bound) const {
    if (bound->presence != Presence::kValue) {
      bound->kind = bound->presence == Presence::kAny ? Kind::kEverything : Kind::kNothing;
      bound->presence = Presence::kValue;
      return absl::OkStatus();
    }
    bound->kind = Kind::kRowRange;
    for (const Interval& ids : bound->intervals) {
      MILLRACE_ASSIGN_OR_RETURN(bound->row_ranges.emplace_back(), RowsOfIds(ids));
    }
    return absl::OkStatus();
  }

  absl::Status BindMd5(const QueryTerm& term, BoundTerm* bound) const {
    if (term.presence != Presence::kValue) {
      // The bit of post.presence alone; a column of numbers that no post has a bit for would do as well.
      bound->kind = Kind::kInt64;
      bound->field = Field::kMd5;
      return absl::OkStatus();
    }
    bound->kind = Kind::kRows;
    for (const std::string& word : term.words) {
      std::vector<uint32_t> rows;
      MILLRACE_RETURN_IF_ERROR(columns_.FindAllByMd5(*HexDecode<16>(word), &rows));
      bound->rows.insert(bound->rows.end(), rows.begin(), rows.end());
    }
    SortRows(bound);
    return CheckPresent(columns_.OptionalColumn<Md5>(Field::kMd5).is_present(), term);
  }

  static void SortRows(BoundTerm* bound) {
    std::sort(bound->rows.begin(), bound->rows.end());
    bound->rows.erase(std::unique(bound->rows.begin(), bound->rows.end()), bound->rows.end());
  }

  absl::StatusOr<std::vector<uint32_t>> FindWords(const QueryTerm& term, const TextColumn& dictionary,
                                                  std::string (*normalise)(std::string_view),
                                                  const char* remedy) const {
    std::vector<std::string> known;
    for (uint64_t i = 0; i < dictionary.bytes().row_count(); ++i) {
      std::string_view word;
      MILLRACE_RETURN_IF_ERROR(dictionary.Get(i, &word));
      known.push_back(normalise(word));
    }
    std::vector<uint32_t> codes;
    for (size_t place = 0; place < term.words.size(); ++place) {
      const std::string& word = term.words[place];
      const size_t before = codes.size();
      for (size_t i = 0; i < known.size(); ++i) {
        if (known[i] == normalise(word)) codes.push_back(static_cast<uint32_t>(i + 1));
      }
      if (codes.size() > before) continue;
      constexpr size_t kNamedMax = 12;
      std::vector<std::string> first;
      for (size_t i = 0; i < known.size() && first.size() < kNamedMax; ++i) {
        std::string shown = WordForMessage(known[i]);
        // Posts may say jpg and jpeg, which are the same.
        if (std::find(first.begin(), first.end(), shown) == first.end()) first.push_back(std::move(shown));
      }
      return PartError(term, term.word_parts[place],
                       absl::StrCat("names ", QuoteForMessage(word), ", which no post of snapshot ", snapshot_.digest(),
                                    " has; write one of ", absl::StrJoin(first, ", "), remedy));
    }
    return codes;
  }

  absl::Status BindFileType(const QueryTerm& term, BoundTerm* bound) const {
    bound->kind = Kind::kFileExt;
    MILLRACE_RETURN_IF_ERROR(CheckPresent(columns_.file_exts().is_present(), term));
    if (term.presence != Presence::kValue) return absl::OkStatus();
    MILLRACE_ASSIGN_OR_RETURN(bound->codes, FindWords(term, columns_.file_ext_names(), FileTypeOf, ""));
    return absl::OkStatus();
  }

  absl::Status BindPool(const QueryTerm& term, BoundTerm* bound) const {
    bound->kind = Kind::kPoolIds;
    MILLRACE_RETURN_IF_ERROR(CheckPresent(columns_.pools().is_present(), term));
    if (term.words.empty()) return absl::OkStatus();
    bound->kind = Kind::kPoolKinds;
    MILLRACE_RETURN_IF_ERROR(CheckPresent(columns_.pool_kinds().is_present(), term));
    MILLRACE_ASSIGN_OR_RETURN(bound->codes, FindWords(term, columns_.pool_kind_names(), Lowered,
                                                      ", or the pool's id: snapshots hold no names of pools"));
    return absl::OkStatus();
  }

  absl::Status BindAge(const QueryTerm& term, BoundTerm* bound) const {
    MILLRACE_RETURN_IF_ERROR(BindNumber<int64_t>(term, Field::kCreatedAtUs, bound));
    if (term.presence != Presence::kValue) return absl::OkStatus();  // as of date:
    MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> now, NewestCreatedAt(snapshot_));
    if (!now.has_value()) return Lacking(term);
    using Limits = std::numeric_limits<int64_t>;
    const auto minus = [&](int64_t age) {
      return static_cast<int64_t>(std::clamp<__int128>(__int128{*now} - age, Limits::min(), Limits::max()));
    };
    // An age that has no end goes back to the first number there is, one that has no beginning up to the last.
    for (Interval& ages : bound->intervals) {
      ages = {ages.last == Limits::max() ? Limits::min() : minus(ages.last),
              ages.first == Limits::min() ? Limits::max() : minus(ages.first)};
    }
    std::reverse(bound->intervals.begin(), bound->intervals.end());
    return absl::OkStatus();
  }

  absl::Status BindChild(const QueryTerm& term, BoundTerm* bound) const {
    bound->kind = Kind::kParents;
    if (term.presence != Presence::kValue) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(CheckPresent(columns_.OptionalColumn<int64_t>(Field::kParentId).is_present(), term));
    bound->kind = Kind::kRows;
    // As bits first: millions of posts may have the same parents.
    std::vector<bool> is_parent(static_cast<size_t>(snapshot_.post_count()));
    for (const Interval& ids : bound->intervals) {
      MILLRACE_ASSIGN_OR_RETURN(const auto range, RowsOfIds(ids));
      for (int64_t first = range.first; first < range.second; first += kRowsPerRead) {
        MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
        const int64_t count = std::min(kRowsPerRead, range.second - first);
        MILLRACE_ASSIGN_OR_RETURN(const OptionalSlice<int64_t> parents, snapshot_.ParentIds(first, count));
        for (size_t i = 0; i < parents.values.size(); ++i) {
          if (!parents.has(i)) continue;
          MILLRACE_ASSIGN_OR_RETURN(const std::optional<int64_t> row, snapshot_.FindRow(parents.values[i]));
          if (row.has_value()) is_parent[static_cast<size_t>(*row)] = true;
        }
      }
    }
    for (size_t row = 0; row < is_parent.size(); ++row) {
      if (is_parent[row]) bound->rows.push_back(static_cast<uint32_t>(row));
    }
    return absl::OkStatus();
  }

  absl::Status BindStatus(const QueryTerm& term, BoundTerm* bound) const {
    const auto set = [](std::initializer_list<PostFlag> flags) {
      uint32_t mask = 0;
      for (const PostFlag flag : flags) mask |= uint32_t{1} << (16 + static_cast<unsigned>(flag));
      return mask;
    };
    bound->kind = Kind::kFlags;
    for (const std::string& word : term.words) {
      if (word == "any" || word == "all") {
        bound->kind = Kind::kEverything;
        return absl::OkStatus();
      }
      if (word == "active") {
        bound->flag_tests.push_back({set({PostFlag::kPending, PostFlag::kFlagged, PostFlag::kDeleted}), 0});
      }
      const auto add = [&](PostFlag flag) { bound->flag_tests.push_back({set({flag}), set({flag})}); };
      if (word == "pending" || word == "modqueue") add(PostFlag::kPending);
      if (word == "flagged" || word == "modqueue") add(PostFlag::kFlagged);
      if (word == "deleted") add(PostFlag::kDeleted);
      if (word == "banned") add(PostFlag::kBanned);
    }
    return CheckPresent(columns_.flags().is_present(), term);
  }

  const Snapshot& snapshot_;
  const PostColumns& columns_;
  const TagReading reading_;
  const Cancelled& cancelled_;
  const TagNames names_;
};

}  // namespace

absl::StatusOr<BoundQuery> BoundQuery::Bind(const Query& query, const Snapshot& snapshot, TagReading reading,
                                            const Cancelled& cancelled) {
  const Binder binder(snapshot, reading, cancelled);
  BoundQuery bound;
  bound.root_ = query.root();
  size_t listed_count = 0;
  for (const QueryTerm& term : query.terms()) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    MILLRACE_ASSIGN_OR_RETURN(bound.terms_.emplace_back(), binder.Bind(term));
    listed_count += bound.terms_.back().listed_count();
    if (listed_count <= kListedCountMax) continue;
    return TermError(term, absl::StrCat("and the patterns and child: before it stand for more than ", kListedCountMax,
                                        " tags and posts together; use fewer, or narrower ones"));
  }
  return bound;
}

size_t BoundQuery::listed_count() const {
  size_t count = 0;
  for (const BoundTerm& term : terms_) count += term.listed_count();
  return count;
}

}  // namespace millrace
