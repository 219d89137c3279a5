// What the readers of all source formats share: the forms that numbers, times and words take in dumps of boorus,
// and the tags of one post. Parsing returns plain values and allocates nothing; text for people is made only once
// something is wrong.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/types/span.h"
#include "core/catalog/import_session.h"
#include "core/model/post.h"

namespace millrace {

// A value of a record that is no list and no object. The text is valid UTF-8: the reader sees to that, since some
// parsers have checked it already.
struct ScalarValue {
  enum class Kind { kNull, kString, kNumber, kBool };
  Kind kind = Kind::kNull;
  std::string_view text;  // the string's content; the number or boolean as written
};

// The scalar fields that a post may have, whatever a source calls them.
enum class PostField {
  kId,
  kMd5,
  kRating,
  kWidth,
  kHeight,
  kFileExt,
  kFileSize,
  kSource,
  kPixivId,
  kParentId,
  kUploaderId,
  kApproverId,
  kScore,
  kUpScore,
  kDownScore,
  kFavoriteCount,
  kDurationSeconds,
  kCreatedAt,
  kUpdatedAt,
  kLastCommentedAt,
  kLastNotedAt,
  kIsNoteLocked,
  kIsRatingLocked,
  kIsStatusLocked,
  kIsPending,
  kIsFlagged,
  kIsDeleted,
  kIsBanned,
  kHasChildren,
};

// Which ratings the letter `s` stands among.
enum class RatingScheme {
  kThreeStep,  // s, q, e: s is safe
  kFourStep,   // g, s, q, e: s is sensitive
};

// How a source writes times.
enum class TimeForm {
  kIso,           // ParseDumpTime
  kEpochSeconds,  // 1480158414, as a number or in a string
  kRubyText,      // ParseRubyTime: "Sat Sep 26 03:51:09 -0500 2026"
};

// The forms of values in which sources differ.
struct ValueForms {
  constexpr ValueForms(RatingScheme rating, TimeForm time = TimeForm::kIso) : rating(rating), time(time) {}
  RatingScheme rating;
  TimeForm time;
};

// Sets a field of `post` from a dump's value: numbers and booleans may be strings; null and "" are none, and so are 0
// for ids and sizes, and 1970-01-01 00:00:00 for times. Nothing when all is well; otherwise what is wrong with the
// value, in words that follow the field's name.
std::optional<std::string> SetPostField(PostField field, const ScalarValue& value, ValueForms forms, Post* post);

// How a text is not the whole number that was wanted.
enum class NumberFault { kNone, kNotWhole, kOutOfRange };

// A whole decimal number, with '-' but without '+', spaces, fraction or exponent.
NumberFault ParseWhole(std::string_view text, int64_t min, int64_t max, int64_t* value);
// A positive id, from a string or a number; null and "" are no ids. Nothing when all is well.
std::optional<std::string> ParseId(const ScalarValue& value, int64_t* id);
// As ParseId, below the ids that tags known by name get (core/catalog/tag_id.h).
std::optional<std::string> ParseTagId(const ScalarValue& value, int64_t* id);

std::optional<Rating> ParseRating(std::string_view text, RatingScheme scheme);
// Danbooru's category: its number (0, 1, 3, 4, 5) or its name.
std::optional<TagCategory> ParseDanbooruCategory(std::string_view text);

// Sets a time that was read from `value`, for all forms of times: in microseconds, nothing when the value has not the
// form of `example`. Nothing when all is well; otherwise what is wrong: times that readers could not hold
// (core/model/time_range.h) are refused.
std::optional<std::string> SetParsedTime(const ScalarValue& value, std::optional<int64_t> time_us,
                                         std::string_view example, std::optional<int64_t>* target);

// The value as it is shown in a reason: quoted, cut when long.
std::string Show(const ScalarValue& value);

// Longer names are rejected. Boorus allow 170 characters; a bound keeps a hostile dump's tag table small.
inline constexpr size_t kTagNameSizeBytesMax = 1024;
// Whether a tag may have this name, which is UTF-8; otherwise what is wrong with it.
std::optional<std::string> CheckTagName(std::string_view name);
// What is wrong with text, which is UTF-8, that holds a NUL character.
std::optional<std::string> CheckNoNul(std::string_view text);

// Collects the tags of one post, and puts them in the order that the catalog wants: ascending by id, each once. Keeps
// its memory from post to post. Not thread-safe.
class TagCollector {
 public:
  void Clear() { added_.clear(); }
  // The name is borrowed until Clear.
  void Add(const ImportedTag& tag) { added_.push_back(tag); }
  // Sorts and collapses; of two with one id the last stands, as for tags told by two posts. Fills post->tag_ids.
  void Finish(Post* post);

  absl::Span<const ImportedTag> tags() const { return absl::MakeConstSpan(tags_); }
  int64_t duplicate_count() const { return static_cast<int64_t>(added_.size() - tags_.size()); }

 private:
  std::vector<ImportedTag> added_;
  std::vector<std::pair<int64_t, uint32_t>> order_;  // (id, index in added_)
  std::vector<ImportedTag> tags_;
};

}  // namespace millrace
