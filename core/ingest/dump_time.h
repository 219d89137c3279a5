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

}  // namespace millrace
