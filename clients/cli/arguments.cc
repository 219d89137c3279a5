#include "clients/cli/arguments.h"

#include <charconv>

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

std::optional<v1::SplitSpec> ParseSplit(std::string_view text) {
  const size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  v1::SplitSpec split;
  split.set_name(std::string(text.substr(0, equals)));
  std::string_view share = text.substr(equals + 1);
  if (const size_t colon = share.find(':'); colon != std::string_view::npos) {
    const std::string_view order = share.substr(colon + 1);
    if (order == "epoch") {
      split.set_order(v1::ORDER_KIND_EPOCH);
    } else if (order == "fixed") {
      split.set_order(v1::ORDER_KIND_FIXED);
    } else {
      return std::nullopt;
    }
    share = share.substr(0, colon);
  }
  const auto parts = ParseInt(share);
  if (!parts.has_value()) return std::nullopt;
  split.set_share(*parts);
  return split;
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

}  // namespace millrace::cli
