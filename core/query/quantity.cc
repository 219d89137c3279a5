#include "core/query/quantity.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace millrace {
namespace {

using Wide = __int128;

constexpr int64_t kMicrosPerSecond = 1'000'000;
constexpr int64_t kMicrosPerDay = 86'400 * kMicrosPerSecond;
constexpr int kDecimalsMax = 6;  // of pixels in a megapixel, of microseconds in a second
constexpr int kRatioDecimalsMax = 2;

bool IsDigits(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::optional<int64_t> ParseInteger(std::string_view text) {
  int64_t number;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

Quantity Exactly(int64_t number) { return {{number, number}, {number, number}}; }

std::optional<int64_t> Narrow(Wide number) {
  if (number > std::numeric_limits<int64_t>::max() || number < std::numeric_limits<int64_t>::min()) return std::nullopt;
  return static_cast<int64_t>(number);
}

// Digits, and perhaps a point and more digits.
struct Decimal {
  Wide digits = 0;  // without the point
  int decimal_count = 0;
};

std::optional<Decimal> ParseDecimal(std::string_view text, int decimals_max) {
  const size_t point = text.find('.');
  const std::string_view whole = text.substr(0, point);
  const std::string_view decimals = point == text.npos ? "" : text.substr(point + 1);
  if (!IsDigits(whole) || (point != text.npos && !IsDigits(decimals))) return std::nullopt;
  if (decimals.size() > static_cast<size_t>(decimals_max) || whole.size() > 18) return std::nullopt;
  Wide digits = *ParseInteger(whole);
  for (const char c : decimals) digits = digits * 10 + (c - '0');
  return Decimal{digits, static_cast<int>(decimals.size())};
}

int64_t PowerOfTen(int exponent) {
  int64_t power = 1;
  for (; exponent > 0; --exponent) power *= 10;
  return power;
}

// From 95 to 105 hundredths of it, as Danbooru and e621 take a size that is written in a unit.
Interval About(int64_t number) {
  const Wide wide = number;
  return {static_cast<int64_t>((wide * 95 + 99) / 100),
          Narrow(wide * 105 / 100).value_or(std::numeric_limits<int64_t>::max())};
}

std::optional<Quantity> ParseMillions(std::string_view text) {
  const std::optional<Decimal> decimal = ParseDecimal(text, kDecimalsMax);
  if (!decimal.has_value()) return std::nullopt;
  const std::optional<int64_t> number = Narrow(decimal->digits * PowerOfTen(kDecimalsMax - decimal->decimal_count));
  if (!number.has_value()) return std::nullopt;
  return Quantity{{*number, *number}, About(*number)};
}

std::optional<Quantity> ParseSize(std::string_view text) {
  std::string_view digits = text.substr(0, std::min(text.find_first_not_of("0123456789."), text.size()));
  std::string_view unit = text.substr(digits.size());
  if (unit.ends_with('b') || unit.ends_with('B')) unit.remove_suffix(1);
  const size_t power = unit.size() == 1 ? std::string_view("kmgKMG").find(unit[0]) : std::string_view::npos;
  if (unit.empty()) {
    const std::optional<int64_t> number = IsDigits(digits) ? ParseInteger(digits) : std::nullopt;
    if (!number.has_value()) return std::nullopt;
    return Exactly(*number);
  }
  const std::optional<Decimal> decimal = ParseDecimal(digits, kDecimalsMax);
  if (power == std::string_view::npos || !decimal.has_value()) return std::nullopt;
  const int64_t unit_bytes = int64_t{1} << (10 * (power % 3 + 1));
  const std::optional<int64_t> number = Narrow(decimal->digits * unit_bytes / PowerOfTen(decimal->decimal_count));
  if (!number.has_value()) return std::nullopt;
  return Quantity{{*number, *number}, About(*number)};
}

std::optional<Quantity> ParseRatio(std::string_view text) {
  if (const size_t colon = text.find_first_of(":/"); colon != text.npos) {
    const std::string_view width = text.substr(0, colon);
    const std::string_view height = text.substr(colon + 1);
    if (!IsDigits(width) || !IsDigits(height) || width.size() > 9 || height.size() > 9) return std::nullopt;
    const int64_t height_px = *ParseInteger(height);
    if (height_px == 0) return std::nullopt;
    return Exactly(RatioOf(*ParseInteger(width), height_px));
  }
  const std::optional<Decimal> decimal = ParseDecimal(text, kRatioDecimalsMax);
  if (!decimal.has_value()) return std::nullopt;
  const std::optional<int64_t> hundredths =
      Narrow(decimal->digits * PowerOfTen(kRatioDecimalsMax - decimal->decimal_count));
  if (!hundredths.has_value()) return std::nullopt;
  return Exactly(*hundredths);
}

bool IsLeap(int64_t year) { return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0); }

int64_t DaysInMonth(int64_t year, int64_t month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return kDays[month - 1] + (month == 2 && IsLeap(year) ? 1 : 0);
}

// Days from 1970-01-01 to the first day of the month; year 1 to 10000, in the Gregorian calendar.
int64_t DaysBefore(int64_t year, int64_t month) {
  const int64_t before = year - 1;
  int64_t days = 365 * before + before / 4 - before / 100 + before / 400;
  for (int64_t m = 1; m < month; ++m) days += DaysInMonth(year, m);
  constexpr int64_t kDaysBefore1970 = 719'162;
  return days - kDaysBefore1970;
}

// YYYY, YYYY-MM or YYYY-MM-DD.
std::optional<Quantity> ParseDate(std::string_view text) {
  if (text.size() != 4 && text.size() != 7 && text.size() != 10) return std::nullopt;
  if ((text.size() >= 7 && text[4] != '-') || (text.size() == 10 && text[7] != '-')) return std::nullopt;
  const auto part = [&](size_t offset, size_t size) -> int64_t {
    const std::string_view digits = text.substr(offset, size);
    return IsDigits(digits) ? *ParseInteger(digits) : 0;
  };
  const int64_t year = part(0, 4);
  if (year < 1) return std::nullopt;
  int64_t first_day = DaysBefore(year, 1);
  int64_t end_day = DaysBefore(year + 1, 1);
  if (text.size() >= 7) {
    const int64_t month = part(5, 2);
    if (month < 1 || month > 12) return std::nullopt;
    first_day = DaysBefore(year, month);
    end_day = first_day + DaysInMonth(year, month);
    if (text.size() == 10) {
      const int64_t day = part(8, 2);
      if (day < 1 || day > DaysInMonth(year, month)) return std::nullopt;
      first_day += day - 1;
      end_day = first_day + 1;
    }
  }
  const Interval span{first_day * kMicrosPerDay, end_day * kMicrosPerDay - 1};
  return Quantity{span, span};
}

// A whole number and a unit. Months have 30 days and years 365: an age is a length, not a place in a calendar.
std::optional<Quantity> ParseAge(std::string_view text) {
  struct Unit {
    std::string_view letters;
    std::string_view name;  // and with an s behind it
    int64_t seconds;
  };
  constexpr Unit kUnits[] = {{"s", "second", 1},         {"mi", "minute", 60},      {"h", "hour", 3600},
                             {"d", "day", 86'400},       {"w", "week", 7 * 86'400}, {"mo", "month", 30 * 86'400},
                             {"y", "year", 365 * 86'400}};
  const size_t digits_size = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view written = text.substr(digits_size);
  const std::string_view singular = written.substr(0, written.size() - (written.ends_with('s') ? 1 : 0));
  const auto* const unit = std::find_if(std::begin(kUnits), std::end(kUnits),
                                        [&](const Unit& u) { return u.letters == written || u.name == singular; });
  if (digits_size == 0 || unit == std::end(kUnits)) return std::nullopt;
  const std::optional<int64_t> count = ParseInteger(text.substr(0, digits_size));
  if (!count.has_value()) return std::nullopt;
  const Wide unit_us = Wide{unit->seconds} * kMicrosPerSecond;
  const std::optional<int64_t> first = Narrow(*count * unit_us);
  const std::optional<int64_t> last = Narrow((*count + Wide{1}) * unit_us - 1);
  if (!first.has_value() || !last.has_value()) return std::nullopt;
  return Quantity{{*first, *first}, {*first, *last}};
}

}  // namespace

int64_t RatioOf(int64_t width_px, int64_t height_px) { return (200 * width_px + height_px) / (2 * height_px); }

std::optional<Quantity> ParseQuantity(ValueSyntax syntax, std::string_view text) {
  switch (syntax) {
    case ValueSyntax::kDecimal:
      return ParseMillions(text);
    case ValueSyntax::kSize:
      return ParseSize(text);
    case ValueSyntax::kRatio:
      return ParseRatio(text);
    case ValueSyntax::kDate:
      return ParseDate(text);
    case ValueSyntax::kAge:
      return ParseAge(text);
    default: {
      const std::optional<int64_t> number = ParseInteger(text);
      if (!number.has_value()) return std::nullopt;
      return Exactly(*number);
    }
  }
}

}  // namespace millrace
