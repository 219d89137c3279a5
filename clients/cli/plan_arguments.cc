#include "clients/cli/plan_arguments.h"

#include "absl/strings/str_cat.h"
#include "clients/cli/arguments.h"
#include "clients/cli/format.h"

namespace millrace::cli {
namespace {

// What stands before the first `separator`, which is taken off `text` together with it.
std::string_view TakeUpTo(char separator, std::string_view* text) {
  const size_t at = text->find(separator);
  const std::string_view head = text->substr(0, at);
  *text = at == std::string_view::npos ? std::string_view() : text->substr(at + 1);
  return head;
}

bool ParseBlocks(std::string_view text, v1::SplitSpec* split) {
  const size_t at = text.find('x');
  if (at == std::string_view::npos) return false;
  const auto rows = ParseInt(text.substr(0, at));
  const auto blocks = ParseInt(text.substr(at + 1));
  if (!rows.has_value() || !blocks.has_value() || *rows < 1 || *blocks < 1) return false;
  split->set_block_rows(*rows);
  split->set_window_blocks(*blocks);
  return true;
}

bool ParseOrder(std::string_view text, v1::SplitSpec* split) {
  const std::string_view word = TakeUpTo(':', &text);
  for (int number = v1::OrderKind_MIN + 1; number <= v1::OrderKind_MAX; ++number) {
    const auto order = static_cast<v1::OrderKind>(number);
    if (!v1::OrderKind_IsValid(number) || OrderText(order) != word) continue;
    split->set_order(order);
    return text.empty() || (order == v1::ORDER_KIND_BLOCK && ParseBlocks(text, split));
  }
  return false;
}

bool ParseRanges(std::string_view text, v1::SplitSpec* split) {
  while (!text.empty()) {
    const std::string_view range = TakeUpTo(',', &text);
    const size_t dash = range.find('-', 1);
    if (dash == std::string_view::npos) return false;
    const auto first = ParseInt(range.substr(0, dash));
    const auto last = ParseInt(range.substr(dash + 1));
    if (!first.has_value() || !last.has_value()) return false;
    v1::IdRange* message = split->add_ranges();
    message->set_first(*first);
    message->set_last(*last);
  }
  return true;
}

}  // namespace

std::optional<v1::SplitSpec> ParseSplit(std::string_view text) {
  if (text.empty() || text.back() == ':' || text.back() == ',') return std::nullopt;
  v1::SplitSpec split;
  split.set_name(std::string(TakeUpTo('=', &text)));
  const std::string_view amount = TakeUpTo(':', &text);
  if (split.name().empty() || amount.empty()) return std::nullopt;
  // A '-' at the beginning is a sign.
  if (amount.find('-', 1) != std::string_view::npos) {
    if (!ParseRanges(amount, &split)) return std::nullopt;
  } else {
    const auto share = ParseInt(amount);
    if (!share.has_value()) return std::nullopt;
    split.set_share(*share);
  }
  if (!text.empty() && !ParseOrder(text, &split)) return std::nullopt;
  return split;
}

std::optional<v1::Stratify> ParseStratify(std::string_view text) {
  v1::Stratify stratify;
  const std::string_view word = TakeUpTo(':', &text);
  if (word == "rating" && text.empty()) {
    stratify.set_rating(true);
  } else if (word == "tag" && !text.empty()) {
    stratify.set_tag(std::string(text));
  } else if (const auto category = ParseCategory(text); word == "category" && category.has_value()) {
    stratify.set_category(*category);
  } else {
    return std::nullopt;
  }
  return stratify;
}

Outcome ParseQueryNumber(std::string_view flag, std::string_view text, int64_t number_min, std::string* query,
                         int64_t* number) {
  const std::string given = absl::StrCat(std::string(flag), " ", std::string(text));
  const size_t equals = text.rfind('=');
  if (equals == std::string_view::npos) {
    return UsageError(absl::StrCat(given, ": not QUERY=NUMBER"),
                      absl::StrCat("For example ", std::string(flag), " '1girl -comic=3'."));
  }
  const std::string number_text(text.substr(equals + 1));
  const auto parsed = ParseInt(number_text);
  if (!parsed.has_value() || *parsed < number_min) {
    return UsageError(absl::StrCat(given, ": ", number_text.empty() ? "nothing" : number_text,
                                   " is not a whole number from ", number_min, " on"),
                      "Only proportions matter: for fractions, multiply all (1 and 4 instead of 0.5 and 2).");
  }
  *query = std::string(text.substr(0, equals));
  *number = *parsed;
  return {};
}

}  // namespace millrace::cli
