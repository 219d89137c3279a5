#include "clients/cli/number_range.h"

#include <charconv>
#include <cstdint>
#include <limits>
#include <string>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace millrace::cli {
namespace {

// What is wrong with a decimal number that does not fit; empty: nothing, or what is no number, which is CLI11's matter.
template <typename Number>
std::string Fault(const std::string& text) {
  Number number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc::result_out_of_range) return {};
  return absl::StrCat(text, " does not fit; give ", std::numeric_limits<Number>::min(), " to ",
                      std::numeric_limits<Number>::max());
}

}  // namespace

void RefuseHugeNumbers(CLI::App& app) {
  for (CLI::Option* const option : app.get_options([](const CLI::Option*) { return true; })) {
    // The name of the type that CLI11 reads into, with those of the checks behind it; other names are our own words.
    const std::string type = option->get_type_name();
    if (absl::StartsWith(type, "INT")) option->check(&Fault<int64_t>, "");
    if (absl::StartsWith(type, "UINT")) option->check(&Fault<uint64_t>, "");
  }
  for (CLI::App* const command : app.get_subcommands([](const CLI::App*) { return true; })) RefuseHugeNumbers(*command);
}

}  // namespace millrace::cli
