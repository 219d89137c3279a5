#include "core/ingest/e621_csv_values.h"

#include <algorithm>
#include <cstring>
#include <limits>

#include "absl/strings/str_cat.h"
#include "core/ingest/dump_time.h"

namespace millrace {
namespace {

using Fault = std::optional<std::string>;

// ParseDumpTime wants to be told the zone, in full: PostgreSQL writes "+00" for "+00:00", or none at all.
std::optional<int64_t> ParseTime(std::string_view text) {
  char full[64];
  constexpr size_t kZoneSizeBytesMax = 4;
  if (text.size() < 3 || text.size() > sizeof full - kZoneSizeBytesMax) return std::nullopt;
  const char sign = text[text.size() - 3];
  const bool has_time_of_day = text.find(':') != std::string_view::npos;
  const bool has_short_zone = has_time_of_day && (sign == '+' || sign == '-');
  // "12:34:56" ends in a number, too, but none that a sign leads.
  const bool has_zone = !has_short_zone && (text.back() == 'Z' || text.back() == 'C' || sign == ':') &&
                        ParseDumpTime(text).has_value();
  if (has_zone) return ParseDumpTime(text);
  const std::string_view zone = has_short_zone ? ":00" : " UTC";
  std::memcpy(full, text.data(), text.size());
  std::memcpy(full + text.size(), zone.data(), zone.size());
  return ParseDumpTime({full, text.size() + zone.size()});
}

// Decimal seconds in microseconds, up to 10^9 seconds.
std::optional<int64_t> ParseSeconds(std::string_view text) {
  constexpr int64_t kUsPerSecond = 1'000'000, kSecondsMax = 1'000'000'000;
  const size_t point = std::min(text.find('.'), text.size());
  int64_t seconds = 0;
  if (point == 0 || text[0] == '-' || ParseWhole(text.substr(0, point), 0, kSecondsMax, &seconds) != NumberFault::kNone) {
    return std::nullopt;
  }
  int64_t time_us = seconds * kUsPerSecond;
  int64_t unit_us = kUsPerSecond / 10;
  for (const char digit : text.substr(std::min(point + 1, text.size()))) {
    if (digit < '0' || digit > '9') return std::nullopt;
    time_us += (digit - '0') * unit_us;
    unit_us /= 10;
  }
  return time_us;
}

}  // namespace

Fault SetE621Time(const ScalarValue& value, std::optional<int64_t>* time_us) {
  if (value.text.empty()) return std::nullopt;
  *time_us = ParseTime(value.text);
  if (time_us->has_value()) return std::nullopt;
  return absl::StrCat("is ", Show(value), "; a time such as \"2016-06-05 06:06:06.12345\" was expected");
}

Fault SetE621Count(const ScalarValue& value, std::optional<int32_t>* count) {
  if (value.text.empty()) return std::nullopt;
  constexpr int64_t kMax = std::numeric_limits<int32_t>::max();
  int64_t number = 0;
  if (ParseWhole(value.text, 0, kMax, &number) != NumberFault::kNone) {
    return absl::StrCat("is ", Show(value), "; a whole number from 0 to ", kMax, " was expected");
  }
  *count = static_cast<int32_t>(number);
  return std::nullopt;
}

Fault SetE621Duration(const ScalarValue& value, std::optional<int64_t>* duration_us) {
  if (value.text.empty()) return std::nullopt;
  *duration_us = ParseSeconds(value.text);
  if (duration_us->has_value()) return std::nullopt;
  return absl::StrCat("is ", Show(value), "; seconds such as \"12.5\" were expected");
}

Fault SetE621Ids(const ScalarValue& value, std::vector<int64_t>* ids) {
  ids->clear();
  std::string_view text = value.text;
  if (text.empty() || text == "{}") return std::nullopt;
  if (text.front() != '{' || text.back() != '}' || text.size() < 2) {
    return absl::StrCat("is ", Show(value), "; a list of ids such as \"{1,2}\" was expected");
  }
  text = text.substr(1, text.size() - 2);
  while (true) {
    const size_t size = std::min(text.find(','), text.size());
    int64_t id = 0;
    if (const Fault fault = ParseId({ScalarValue::Kind::kString, text.substr(0, size)}, &id)) {
      return absl::StrCat("holds a value, number ", ids->size() + 1, ", that ", *fault);
    }
    ids->push_back(id);
    if (size == text.size()) return std::nullopt;
    text.remove_prefix(size + 1);
  }
}

std::optional<TagCategory> ParseE621Category(std::string_view text) {
  constexpr TagCategory kCategories[] = {
      TagCategory::kGeneral,   TagCategory::kArtist,  TagCategory::kContributor, TagCategory::kCopyright,
      TagCategory::kCharacter, TagCategory::kSpecies, TagCategory::kInvalid,     TagCategory::kMeta,
      TagCategory::kLore,
  };
  if (text.size() != 1 || text[0] < '0' || text[0] > '8') return std::nullopt;
  return kCategories[text[0] - '0'];
}

}  // namespace millrace
