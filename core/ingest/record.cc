#include "core/ingest/record.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/text.h"
#include "core/catalog/tag_id.h"
#include "core/ingest/dump_time.h"
#include "core/model/time_range.h"

namespace millrace {
namespace {

constexpr int64_t kInt64Max = std::numeric_limits<int64_t>::max();
constexpr int64_t kEpochSecondsMax = 253'402'300'799;  // the last second of the year 9999

using Fault = std::optional<std::string>;

bool IsNone(const ScalarValue& value) {
  return value.kind == ScalarValue::Kind::kNull || (value.kind == ScalarValue::Kind::kString && value.text.empty());
}

Fault NumberReason(const ScalarValue& value, NumberFault fault, int64_t min, int64_t max) {
  if (fault == NumberFault::kNotWhole) return absl::StrCat("is ", Show(value), "; a whole number was expected");
  return absl::StrCat("is ", Show(value), ", out of range; expected ", min, " to ", max);
}

Fault ParseNumber(const ScalarValue& value, int64_t min, int64_t max, int64_t* number) {
  const NumberFault fault =
      value.kind == ScalarValue::Kind::kBool ? NumberFault::kNotWhole : ParseWhole(value.text, min, max, number);
  if (fault == NumberFault::kNone) return std::nullopt;
  return NumberReason(value, fault, min, max);
}

Fault ParseIdUpTo(const ScalarValue& value, int64_t max, int64_t* id) {
  if (IsNone(value)) return "is missing; a positive whole number was expected";
  const Fault fault = ParseNumber(value, 1, max, id);
  if (fault.has_value()) *id = 0;
  return fault;
}

// Ids of other things, sizes and dimensions: 0 is the dumps' word for none.
template <typename T>
Fault SetPositive(const ScalarValue& value, std::optional<T>* target) {
  if (IsNone(value)) return std::nullopt;
  int64_t number = 0;
  if (Fault fault = ParseNumber(value, 0, std::numeric_limits<T>::max(), &number)) return fault;
  if (number != 0) *target = static_cast<T>(number);
  return std::nullopt;
}

Fault SetScore(const ScalarValue& value, std::optional<int32_t>* target) {
  if (IsNone(value)) return std::nullopt;
  int64_t number = 0;
  if (Fault fault =
          ParseNumber(value, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max(), &number)) {
    return fault;
  }
  *target = static_cast<int32_t>(number);
  return std::nullopt;
}

// A count of something: never negative, and 0 is a count.
Fault SetCount(const ScalarValue& value, std::optional<int32_t>* target) {
  if (IsNone(value)) return std::nullopt;
  int64_t number = 0;
  if (Fault fault = ParseNumber(value, 0, std::numeric_limits<int32_t>::max(), &number)) return fault;
  *target = static_cast<int32_t>(number);
  return std::nullopt;
}

// Seconds with or without a fraction; digits beyond microseconds are cut.
Fault SetDuration(const ScalarValue& value, std::optional<int64_t>* target) {
  if (IsNone(value)) return std::nullopt;
  constexpr int64_t kSecondsMax = 1'000'000'000;
  const size_t point = std::min(value.text.find('.'), value.text.size());
  const std::string_view whole = value.text.substr(0, point);
  std::string_view fraction = value.text.substr(point);
  int64_t duration_us = 0;
  // "-0.5" has a whole part that is in range.
  const bool is_negative = value.text.front() == '-';
  if (is_negative || value.kind == ScalarValue::Kind::kBool ||
      ParseWhole(whole, 0, kSecondsMax, &duration_us) != NumberFault::kNone || fraction == "." ||
      fraction.find_first_not_of("0123456789", 1) != std::string_view::npos) {
    return absl::StrCat("is ", Show(value), "; seconds such as 12.345, from 0 to ", kSecondsMax, ", were expected");
  }
  duration_us *= 1'000'000;
  int64_t unit_us = 100'000;
  for (size_t i = 1; i < fraction.size(); ++i, unit_us /= 10) duration_us += (fraction[i] - '0') * unit_us;
  *target = duration_us;
  return std::nullopt;
}

std::optional<int64_t> ParseTime(const ScalarValue& value, TimeForm form) {
  int64_t seconds = 0;
  switch (form) {
    case TimeForm::kIso:
      return value.kind == ScalarValue::Kind::kString ? ParseDumpTime(value.text) : std::nullopt;
    case TimeForm::kRubyText:
      return value.kind == ScalarValue::Kind::kString ? ParseRubyTime(value.text) : std::nullopt;
    case TimeForm::kEpochSeconds:
      if (value.kind == ScalarValue::Kind::kBool ||
          ParseWhole(value.text, 0, kEpochSecondsMax, &seconds) != NumberFault::kNone) {
        return std::nullopt;
      }
      return seconds * 1'000'000;
  }
  return std::nullopt;
}

std::string_view TimeExample(TimeForm form) {
  switch (form) {
    case TimeForm::kIso:
      break;
    case TimeForm::kRubyText:
      return "a time such as \"Sat Sep 26 03:51:09 -0500 2026\"";
    case TimeForm::kEpochSeconds:
      return "a time in seconds since 1970, such as 1480158414,";
  }
  return "a time such as \"2016-06-05 06:06:06.12345 UTC\"";
}

Fault SetTime(const ScalarValue& value, TimeForm form, std::optional<int64_t>* target) {
  if (IsNone(value) || value.text == "0") return std::nullopt;
  const std::optional<int64_t> time_us = ParseTime(value, form);
  return time_us == 0 ? std::nullopt : SetParsedTime(value, time_us, TimeExample(form), target);
}

Fault SetFlag(const ScalarValue& value, PostFlag flag, Post* post) {
  if (IsNone(value)) return std::nullopt;
  if (value.kind != ScalarValue::Kind::kNumber) {
    if (value.text == "true" || value.text == "t") return post->flags.Set(flag, true), std::nullopt;
    if (value.text == "false" || value.text == "f") return post->flags.Set(flag, false), std::nullopt;
  }
  return absl::StrCat("is ", Show(value), "; true, false, \"t\" or \"f\" was expected");
}

Fault SetMd5(const ScalarValue& value, Post* post) {
  if (IsNone(value) || value.text == "0") return std::nullopt;
  post->md5 = HexDecode<16>(value.text);
  if (post->md5.has_value()) return std::nullopt;
  return absl::StrCat("is ", Show(value), "; 32 hexadecimal digits were expected");
}

Fault SetRating(const ScalarValue& value, RatingScheme scheme, Post* post) {
  if (IsNone(value)) return std::nullopt;
  const std::optional<Rating> rating =
      value.kind == ScalarValue::Kind::kString ? ParseRating(value.text, scheme) : std::nullopt;
  if (!rating.has_value()) {
    return absl::StrCat("is ", Show(value), "; ", scheme == RatingScheme::kThreeStep ? "s, q or e" : "g, s, q or e",
                        " was expected");
  }
  post->rating = *rating;
  return std::nullopt;
}

// The extension becomes part of a picture's path, so it must not be able to leave the store's folder.
Fault SetFileExt(const ScalarValue& value, Post* post) {
  constexpr size_t kSizeBytesMax = 16;
  if (IsNone(value)) return std::nullopt;
  const auto is_alphanumeric = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  if (value.kind != ScalarValue::Kind::kString || value.text.size() > kSizeBytesMax ||
      !std::all_of(value.text.begin(), value.text.end(), is_alphanumeric)) {
    return absl::StrCat("is ", Show(value), "; at most ", kSizeBytesMax, " letters and digits were expected");
  }
  post->file_ext.assign(value.text);
  return std::nullopt;
}

Fault SetSource(const ScalarValue& value, Post* post) {
  if (IsNone(value)) return std::nullopt;
  if (value.kind != ScalarValue::Kind::kString) return absl::StrCat("is ", Show(value), "; text was expected");
  if (Fault fault = CheckNoNul(value.text)) return fault;
  post->source.assign(value.text);
  return std::nullopt;
}

}  // namespace

Fault SetPostField(PostField field, const ScalarValue& value, ValueForms forms, Post* post) {
  switch (field) {
    case PostField::kId:
      return ParseId(value, &post->id);
    case PostField::kMd5:
      return SetMd5(value, post);
    case PostField::kRating:
      return SetRating(value, forms.rating, post);
    case PostField::kWidth:
      return SetPositive(value, &post->width_px);
    case PostField::kHeight:
      return SetPositive(value, &post->height_px);
    case PostField::kFileExt:
      return SetFileExt(value, post);
    case PostField::kFileSize:
      return SetPositive(value, &post->file_size_bytes);
    case PostField::kSource:
      return SetSource(value, post);
    case PostField::kPixivId:
      return SetPositive(value, &post->pixiv_id);
    case PostField::kParentId:
      return SetPositive(value, &post->parent_id);
    case PostField::kUploaderId:
      return SetPositive(value, &post->uploader_id);
    case PostField::kApproverId:
      return SetPositive(value, &post->approver_id);
    case PostField::kScore:
      return SetScore(value, &post->score);
    case PostField::kUpScore:
      return SetScore(value, &post->up_score);
    case PostField::kDownScore:
      return SetScore(value, &post->down_score);
    case PostField::kFavoriteCount:
      return SetCount(value, &post->favorite_count);
    case PostField::kDurationSeconds:
      return SetDuration(value, &post->duration_us);
    case PostField::kCreatedAt:
      return SetTime(value, forms.time, &post->created_at_us);
    case PostField::kUpdatedAt:
      return SetTime(value, forms.time, &post->updated_at_us);
    case PostField::kLastCommentedAt:
      return SetTime(value, forms.time, &post->last_commented_at_us);
    case PostField::kLastNotedAt:
      return SetTime(value, forms.time, &post->last_noted_at_us);
    case PostField::kIsNoteLocked:
      return SetFlag(value, PostFlag::kNoteLocked, post);
    case PostField::kIsRatingLocked:
      return SetFlag(value, PostFlag::kRatingLocked, post);
    case PostField::kIsStatusLocked:
      return SetFlag(value, PostFlag::kStatusLocked, post);
    case PostField::kIsPending:
      return SetFlag(value, PostFlag::kPending, post);
    case PostField::kIsFlagged:
      return SetFlag(value, PostFlag::kFlagged, post);
    case PostField::kIsDeleted:
      return SetFlag(value, PostFlag::kDeleted, post);
    case PostField::kIsBanned:
      return SetFlag(value, PostFlag::kBanned, post);
    case PostField::kHasChildren:
      return SetFlag(value, PostFlag::kHasChildren, post);
  }
  return std::nullopt;
}

NumberFault ParseWhole(std::string_view text, int64_t min, int64_t max, int64_t* value) {
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *value);
  if (stopped != end) return NumberFault::kNotWhole;
  if (error == std::errc::result_out_of_range) return NumberFault::kOutOfRange;
  if (error != std::errc()) return NumberFault::kNotWhole;
  return *value < min || *value > max ? NumberFault::kOutOfRange : NumberFault::kNone;
}

Fault ParseId(const ScalarValue& value, int64_t* id) { return ParseIdUpTo(value, kInt64Max, id); }

Fault ParseTagId(const ScalarValue& value, int64_t* id) { return ParseIdUpTo(value, kDerivedTagIdMin - 1, id); }

std::optional<Rating> ParseRating(std::string_view text, RatingScheme scheme) {
  const bool is_four_step = scheme == RatingScheme::kFourStep;
  if (text == "s") return is_four_step ? Rating::kSensitive : Rating::kSafe;
  if (text == "q" || text == "questionable") return Rating::kQuestionable;
  if (text == "e" || text == "explicit") return Rating::kExplicit;
  if (text == "safe") return Rating::kSafe;
  if (text == "sensitive" && is_four_step) return Rating::kSensitive;
  if ((text == "g" || text == "general") && is_four_step) return Rating::kGeneral;
  return std::nullopt;
}

std::optional<TagCategory> ParseDanbooruCategory(std::string_view text) {
  if (text == "0" || text == "general") return TagCategory::kGeneral;
  if (text == "1" || text == "artist") return TagCategory::kArtist;
  if (text == "3" || text == "copyright") return TagCategory::kCopyright;
  if (text == "4" || text == "character") return TagCategory::kCharacter;
  if (text == "5" || text == "meta") return TagCategory::kMeta;
  return std::nullopt;
}

Fault SetParsedTime(const ScalarValue& value, std::optional<int64_t> time_us, std::string_view example,
                    std::optional<int64_t>* target) {
  if (!time_us.has_value()) {
    return absl::StrCat("is ", Show(value), "; ", std::string(example), " was expected");
  }
  if (!IsTimeInRange(*time_us)) {
    return absl::StrCat("is ", Show(value), ", out of range; expected a time of the years 1 to 9999 (UTC)");
  }
  *target = time_us;
  return std::nullopt;
}

std::string Show(const ScalarValue& value) {
  switch (value.kind) {
    case ScalarValue::Kind::kNull:
      return "null";
    case ScalarValue::Kind::kBool:
      return std::string(value.text);
    case ScalarValue::Kind::kString:
    case ScalarValue::Kind::kNumber:
      return QuoteForMessage(value.text);
  }
  return "";
}

Fault CheckTagName(std::string_view name) {
  if (name.empty()) return "is empty; a tag needs a name";
  if (name.size() > kTagNameSizeBytesMax) {
    return absl::StrCat("is ", name.size(), " bytes long (", QuoteForMessage(name, 40), "); at most ",
                        kTagNameSizeBytesMax, " are allowed");
  }
  return CheckNoNul(name);
}

Fault CheckNoNul(std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return std::nullopt;
  return absl::StrCat("is ", QuoteForMessage(text), ", which holds a NUL character; remove it");
}

void TagCollector::Finish(Post* post) {
  order_.clear();
  tags_.clear();
  post->tag_ids.clear();
  for (size_t i = 0; i < added_.size(); ++i) order_.emplace_back(added_[i].id, static_cast<uint32_t>(i));
  if (!std::is_sorted(order_.begin(), order_.end())) std::sort(order_.begin(), order_.end());
  tags_.reserve(order_.size());
  post->tag_ids.reserve(order_.size());
  for (size_t i = 0; i < order_.size(); ++i) {
    if (i + 1 < order_.size() && order_[i + 1].first == order_[i].first) continue;
    tags_.push_back(added_[order_[i].second]);
    post->tag_ids.push_back(order_[i].first);
  }
}

}  // namespace millrace
