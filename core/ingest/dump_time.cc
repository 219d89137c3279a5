#include "core/ingest/dump_time.h"

#include <chrono>

namespace millrace {
namespace {

// Exactly `count` digits from the front of `text`.
bool TakeDigits(std::string_view* text, size_t count, int* value) {
  if (text->size() < count) return false;
  *value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return false;
    *value = *value * 10 + (c - '0');
  }
  text->remove_prefix(count);
  return true;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

// In days since 1970-01-01. False when there is no such day.
bool DaysOf(int year, int month, int day, int64_t* days) {
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return false;
  *days = std::chrono::sys_days(date).time_since_epoch().count();
  return true;
}

// "2016-06-05"
bool TakeDate(std::string_view* text, int64_t* days) {
  int year = 0, month = 0, day = 0;
  return TakeDigits(text, 4, &year) && TakeChar(text, '-') && TakeDigits(text, 2, &month) && TakeChar(text, '-') &&
         TakeDigits(text, 2, &day) && DaysOf(year, month, day, days);
}

// The number, from 1, of the word of three letters and a space at the front in `words`, a list of such; 0: none.
int TakeWord(std::string_view* text, std::string_view words) {
  if (text->size() < 4 || (*text)[3] != ' ') return 0;
  for (size_t i = 0; i < words.size(); i += 4) {
    if (words.substr(i, 4) != text->substr(0, 4)) continue;
    text->remove_prefix(4);
    return static_cast<int>(i / 4) + 1;
  }
  return 0;
}

// "06:06:06.12345", in microseconds since midnight.
bool TakeTimeOfDay(std::string_view* text, int64_t* time_us) {
  int hour = 0, minute = 0, second = 0;
  if (!TakeDigits(text, 2, &hour) || !TakeChar(text, ':') || !TakeDigits(text, 2, &minute) || !TakeChar(text, ':') ||
      !TakeDigits(text, 2, &second) || hour > 23 || minute > 59 || second > 59) {
    return false;
  }
  *time_us = ((hour * 60 + minute) * 60 + second) * int64_t{1'000'000};
  if (!TakeChar(text, '.')) return true;
  int digit = 0;
  if (!TakeDigits(text, 1, &digit)) return false;
  int64_t unit_us = 100'000;
  do {
    *time_us += digit * unit_us;
    unit_us /= 10;
  } while (TakeDigits(text, 1, &digit));
  return true;
}

// The rest of the text: "UTC", "Z" or "+09:00". In minutes east of Greenwich.
bool ParseZone(std::string_view text, int* offset_min) {
  *offset_min = 0;
  if (text == " UTC" || text == "Z") return true;
  const bool is_west = !text.empty() && text.front() == '-';
  int hours = 0, minutes = 0;
  if (!(TakeChar(&text, '+') || TakeChar(&text, '-')) || !TakeDigits(&text, 2, &hours) || !TakeChar(&text, ':') ||
      !TakeDigits(&text, 2, &minutes) || !text.empty() || hours > 23 || minutes > 59) {
    return false;
  }
  *offset_min = (hours * 60 + minutes) * (is_west ? -1 : 1);
  return true;
}

}  // namespace

std::optional<int64_t> ParseDumpTime(std::string_view text) {
  int64_t days = 0, time_us = 0;
  int offset_min = 0;
  if (!TakeDate(&text, &days) || !(TakeChar(&text, ' ') || TakeChar(&text, 'T')) || !TakeTimeOfDay(&text, &time_us) ||
      !ParseZone(text, &offset_min)) {
    return std::nullopt;
  }
  return (days * 86'400 - offset_min * 60) * int64_t{1'000'000} + time_us;
}

std::optional<int64_t> ParseRubyTime(std::string_view text) {
  constexpr std::string_view kDays = "Mon Tue Wed Thu Fri Sat Sun ";
  constexpr std::string_view kMonths = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec ";
  if (TakeWord(&text, kDays) == 0) return std::nullopt;
  const int month = TakeWord(&text, kMonths);
  int day = 0, hours = 0, minutes = 0, year = 0;
  int64_t days = 0, time_us = 0;
  if (month == 0 || !TakeDigits(&text, 2, &day) || !TakeChar(&text, ' ') || !TakeTimeOfDay(&text, &time_us) ||
      !TakeChar(&text, ' ')) {
    return std::nullopt;
  }
  const bool is_west = !text.empty() && text.front() == '-';
  if (!(TakeChar(&text, '+') || TakeChar(&text, '-')) || !TakeDigits(&text, 2, &hours) ||
      !TakeDigits(&text, 2, &minutes) || hours > 23 || minutes > 59 || !TakeChar(&text, ' ') ||
      !TakeDigits(&text, 4, &year) || !text.empty() || !DaysOf(year, month, day, &days)) {
    return std::nullopt;
  }
  const int offset_min = (hours * 60 + minutes) * (is_west ? -1 : 1);
  return (days * 86'400 - offset_min * 60) * int64_t{1'000'000} + time_us;
}

}  // namespace millrace
