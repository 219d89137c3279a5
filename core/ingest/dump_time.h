// Times as dumps write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace millrace {

// A time such as "2016-06-05 06:06:06.12345 UTC" in microseconds since 1970-01-01 UTC; also with 'T' between date and
// time, and with "Z" or an offset ("+09:00") for "UTC". Digits beyond microseconds are cut. Nothing for anything else:
// a time without a zone would be a guess.
std::optional<int64_t> ParseDumpTime(std::string_view text);

// A time as Ruby's and Gelbooru's pages write it, "Sat Sep 26 03:51:09 -0500 2026". The day of the week must be a name
// of one, and is otherwise not looked at.
std::optional<int64_t> ParseRubyTime(std::string_view text);

}  // namespace millrace
