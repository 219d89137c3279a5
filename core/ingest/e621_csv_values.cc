#include "core/ingest/e621_csv_values.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace millrace {
namespace {

using Fault = std::optional<std::string>;

// Decimal seconds in microseconds, up to 10^9 seconds.
std::optional<int64_t> ParseSeconds(std::string_view text) {
  constexpr int64_t kUsPerSecond = 1'000'000, kSecondsMax = 1'000'000'000;
  const size_t point = std::min(text.find('.'), text.size());
  int64_t seconds = 0;
  if (point == 0 || text[0] == '-' ||
      ParseWhole(text.substr(0, point), 0, kSecondsMax, &seconds) != NumberFault::kNone) {
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
      TagCategory::kGeneral,   TagCategory::kArtist,    TagCategory::kContributor,
      TagCategory::kCopyright, TagCategory::kCharacter, TagCategory::kSpecies,
      TagCategory::kInvalid,   TagCategory::kMeta,      TagCategory::kLore,
  };
  if (text.size() != 1 || text[0] < '0' || text[0] > '8') return std::nullopt;
  return kCategories[text[0] - '0'];
}

}  // namespace millrace
