// Values that several sources give in a form of their own, beside those of record.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "core/ingest/record.h"

namespace millrace {

// A time in the forms of ParseDumpTime; one without a zone ("2007-02-10 14:21:37.123456") is UTC, which is what boards
// keep, and PostgreSQL's short zones ("+00") count. Nothing when all is well, and the target as it was when
// the value is null or empty; otherwise what is wrong.
std::optional<std::string> SetUtcTime(const ScalarValue& value, std::optional<int64_t>* time_us);

}  // namespace millrace
