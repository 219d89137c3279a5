#include "core/ingest/source_values.h"

#include <cstring>

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
  const bool has_zone =
      !has_short_zone && (text.back() == 'Z' || text.back() == 'C' || sign == ':') && ParseDumpTime(text).has_value();
  if (has_zone) return ParseDumpTime(text);
  const std::string_view zone = has_short_zone ? ":00" : " UTC";
  std::memcpy(full, text.data(), text.size());
  std::memcpy(full + text.size(), zone.data(), zone.size());
  return ParseDumpTime({full, text.size() + zone.size()});
}

}  // namespace

Fault SetUtcTime(const ScalarValue& value, std::optional<int64_t>* time_us) {
  if (value.text.empty()) return std::nullopt;
  return SetParsedTime(value, ParseTime(value.text), "a time such as \"2016-06-05 06:06:06.12345\"", time_us);
}

}  // namespace millrace
