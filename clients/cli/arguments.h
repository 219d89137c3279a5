// Values on the command line that are more than a number or a word.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/time.h"
#include "millrace/v1/catalog_service.pb.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace::cli {

// Each gives nothing when the text is malformed.

// "30", "1.5s", "5m", "2h30m": above zero and finite.
std::optional<absl::Duration> ParseTimeout(std::string_view text);
// "EPOCH:STEP", both 0 or more.
std::optional<v1::Position> ParsePosition(std::string_view text);
// "EPOCH:FIRST-LAST", steps of an epoch, both included; or "EPOCH:STEP", one.
std::optional<v1::StepRange> ParseStepRange(std::string_view text);
// The epoch that a token (docs/plan-specification.md, "Positions") says. Only the server can tell whether the token
// is whole.
std::optional<int64_t> TokenEpoch(std::string_view token);
// "START:END", half-open.
std::optional<v1::Int64Range> ParseRange(std::string_view text);
// The category that CategoryText gives `text` for.
std::optional<v1::TagCategory> ParseCategory(std::string_view text);

// Whether `text` is the MD5 of a picture: 32 hexadecimal digits.
bool IsMd5(std::string_view text);
// A whole number in decimal.
std::optional<int64_t> ParseInt(std::string_view text);

// A check of flags: whole numbers from `minimum` on, and a message that says so in these words.
CLI::Validator AtLeast(int64_t minimum);

}  // namespace millrace::cli
