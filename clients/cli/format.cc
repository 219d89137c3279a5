#include "clients/cli/format.h"

#include <cctype>
#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace::cli {
namespace {

std::string EnumText(std::string_view name, std::string_view prefix) {
  if (name.substr(0, prefix.size()) == prefix) name.remove_prefix(prefix.size());
  if (name.empty() || name == "UNSPECIFIED") return "-";
  std::string text(name);
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

std::string WithThousands(int64_t number) {
  const std::string digits = std::to_string(number);
  const size_t sign = number < 0 ? 1 : 0;
  std::string text = digits.substr(0, sign);
  for (size_t i = sign; i < digits.size(); ++i) {
    if (i > sign && (digits.size() - i) % 3 == 0) text.push_back(',');
    text.push_back(digits[i]);
  }
  return text;
}

std::string HumanBytes(int64_t byte_count) {
  if (std::llabs(byte_count) < 1024) return absl::StrCat(byte_count, " B");
  constexpr const char* kUnits[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  double value = static_cast<double>(byte_count) / 1024;
  size_t unit = 0;
  // 1023.95 would be shown as "1024.0": the next unit says it better.
  while (std::fabs(value) >= 1023.95 && unit + 1 < std::size(kUnits)) {
    value /= 1024;
    ++unit;
  }
  return absl::StrFormat("%.1f %s", value, kUnits[unit]);
}

std::string HumanRate(double per_second) {
  if (!std::isfinite(per_second) || per_second <= 0) return "-";
  if (per_second < 10) return absl::StrFormat("%.1f/s", per_second);
  return absl::StrCat(WithThousands(std::llround(per_second)), "/s");
}

std::string HumanByteRate(double bytes_per_second) {
  if (!std::isfinite(bytes_per_second) || bytes_per_second <= 0) return "-";
  return absl::StrFormat("%.1f MB/s", bytes_per_second / 1e6);
}

std::string HumanDuration(absl::Duration duration) {
  if (duration < absl::ZeroDuration()) duration = absl::ZeroDuration();
  const double seconds = absl::ToDoubleSeconds(duration);
  if (seconds < 0.9995) return absl::StrFormat("%.0f ms", seconds * 1000);
  if (seconds < 59.95) return absl::StrFormat("%.1f s", seconds);
  if (seconds > 1e15) return "for ever";
  const int64_t whole = std::llround(seconds);
  if (whole < 3600) return absl::StrFormat("%d min %02d s", whole / 60, whole % 60);
  return absl::StrFormat("%s h %02d min", WithThousands(whole / 3600), whole % 3600 / 60);
}

std::string HumanDuration(const google::protobuf::Duration& duration) {
  return HumanDuration(absl::Seconds(duration.seconds()) + absl::Nanoseconds(duration.nanos()));
}

std::string Percent(int64_t part, int64_t whole) {
  if (whole == 0) return "-";
  return absl::StrFormat("%.1f %%", 100.0 * static_cast<double>(part) / static_cast<double>(whole));
}

std::string HumanTime(const google::protobuf::Timestamp& time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

std::string ShortDigest(std::string_view digest, bool full) {
  return std::string(full ? digest : digest.substr(0, 12));
}

std::string RatingText(v1::Rating rating) { return EnumText(v1::Rating_Name(rating), "RATING_"); }
std::string CategoryText(v1::TagCategory category) { return EnumText(v1::TagCategory_Name(category), "TAG_CATEGORY_"); }
std::string StrategyText(v1::SplitStrategy strategy) {
  return EnumText(v1::SplitStrategy_Name(strategy), "SPLIT_STRATEGY_");
}
std::string UnitText(v1::SplitUnit unit) { return EnumText(v1::SplitUnit_Name(unit), "SPLIT_UNIT_"); }
std::string OrderText(v1::OrderKind order) { return EnumText(v1::OrderKind_Name(order), "ORDER_KIND_"); }
std::string LastBatchText(v1::LastBatch last_batch) { return EnumText(v1::LastBatch_Name(last_batch), "LAST_BATCH_"); }
std::string StateText(v1::ImportState state) { return EnumText(v1::ImportState_Name(state), "IMPORT_STATE_"); }
std::string BoardKindText(v1::BoardKind kind) { return EnumText(v1::BoardKind_Name(kind), "BOARD_KIND_"); }
std::string RefreshStateText(v1::RefreshState state) {
  return EnumText(v1::RefreshState_Name(state), "REFRESH_STATE_");
}

std::string SourceFormatText(v1::SourceFormat format) {
  std::string text = EnumText(v1::SourceFormat_Name(format), "SOURCE_FORMAT_");
  for (char& c : text) {
    if (c == '_') c = '-';
  }
  return text;
}

std::vector<std::string> SourceFormatNames() {
  std::vector<std::string> names;
  for (int number = v1::SourceFormat_MIN + 1; number <= v1::SourceFormat_MAX; ++number) {
    if (v1::SourceFormat_IsValid(number)) names.push_back(SourceFormatText(static_cast<v1::SourceFormat>(number)));
  }
  return names;
}

v1::SourceFormat SourceFormatOf(const std::string& text) {
  for (int number = v1::SourceFormat_MIN + 1; number <= v1::SourceFormat_MAX; ++number) {
    const auto format = static_cast<v1::SourceFormat>(number);
    if (v1::SourceFormat_IsValid(number) && SourceFormatText(format) == text) return format;
  }
  return v1::SOURCE_FORMAT_UNSPECIFIED;
}

}  // namespace millrace::cli
