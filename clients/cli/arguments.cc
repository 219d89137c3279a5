#include "clients/cli/arguments.h"

#include <charconv>
#include <cstddef>
#include <limits>

#include "absl/strings/str_cat.h"
#include "clients/cli/format.h"
#include "core/base/text.h"

namespace millrace::cli {

std::optional<int64_t> ParseInt(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return number;
}

std::optional<absl::Duration> ParseTimeout(std::string_view text) {
  std::string with_unit(text);
  if (text.find_first_not_of("0123456789.") == std::string_view::npos) with_unit += "s";
  absl::Duration duration;
  if (!absl::ParseDuration(with_unit, &duration)) return std::nullopt;
  if (duration <= absl::ZeroDuration() || duration == absl::InfiniteDuration()) return std::nullopt;
  return duration;
}

std::optional<v1::Position> ParsePosition(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto epoch = ParseInt(text.substr(0, colon));
  const auto step = ParseInt(text.substr(colon + 1));
  if (!epoch.has_value() || !step.has_value() || *epoch < 0 || *step < 0) return std::nullopt;
  v1::Position position;
  position.set_epoch(*epoch);
  position.set_step(*step);
  return position;
}

std::optional<v1::StepRange> ParseStepRange(std::string_view text) {
  const size_t dash = text.find('-');
  const auto first = ParsePosition(text.substr(0, dash));
  if (!first.has_value()) return std::nullopt;
  v1::StepRange range;
  range.set_epoch(first->epoch());
  range.set_first_step(first->step());
  range.set_last_step(first->step());
  if (dash != std::string_view::npos) {
    const auto last = ParseInt(text.substr(dash + 1));
    if (!last.has_value() || *last < first->step()) return std::nullopt;
    range.set_last_step(*last);
  }
  return range;
}

std::optional<int64_t> TokenEpoch(std::string_view token) {
  constexpr size_t kTailSizeBytes = 24;  // epoch, step, checksum
  if (token.size() < 2 * kTailSizeBytes) return std::nullopt;
  const auto tail = HexDecode<kTailSizeBytes>(token.substr(token.size() - 2 * kTailSizeBytes));
  if (!tail.has_value()) return std::nullopt;
  uint64_t epoch = 0;
  for (size_t i = 0; i < 8; ++i) epoch |= uint64_t{(*tail)[i]} << (8 * i);
  if (epoch > std::numeric_limits<int32_t>::max()) return std::nullopt;
  return static_cast<int64_t>(epoch);
}

std::optional<v1::Int64Range> ParseRange(std::string_view text) {
  const size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto start = ParseInt(text.substr(0, colon));
  const auto end = ParseInt(text.substr(colon + 1));
  if (!start.has_value() || !end.has_value() || *start >= *end) return std::nullopt;
  v1::Int64Range range;
  range.set_start(*start);
  range.set_end(*end);
  return range;
}

std::optional<v1::TagCategory> ParseCategory(std::string_view text) {
  for (int number = v1::TagCategory_MIN; number <= v1::TagCategory_MAX; ++number) {
    if (!v1::TagCategory_IsValid(number) || number == v1::TAG_CATEGORY_UNSPECIFIED) continue;
    const auto category = static_cast<v1::TagCategory>(number);
    if (CategoryText(category) == text) return category;
  }
  return std::nullopt;
}

bool IsMd5(std::string_view text) { return HexDecode<16>(text).has_value(); }

CLI::Validator AtLeast(int64_t minimum) {
  const auto check = [minimum](std::string& text) {
    const std::optional<int64_t> number = ParseInt(text);
    if (number.has_value() && *number >= minimum) return std::string();
    // Too large is told by number_range.h.
    const bool is_number = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
    if (is_number && !number.has_value()) return std::string();
    return absl::StrCat("\"", text, "\" is no whole number from ", minimum, " on");
  };
  return CLI::Validator(check, absl::StrCat(minimum, " or more"));
}

}  // namespace millrace::cli
