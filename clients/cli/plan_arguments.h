// The values of `millrace plan create`'s flags.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "clients/cli/outcome.h"
#include "millrace/v1/plan_service.pb.h"

namespace millrace::cli {

// "NAME=SHARE" or "NAME=FIRST-LAST,FIRST-LAST,...", then perhaps ":ORDER", with ORDER as OrderText gives it, or
// "block:ROWSxBLOCKS". Nothing when the text is malformed; the server checks names and numbers.
std::optional<v1::SplitSpec> ParseSplit(std::string_view text);

// "rating", "tag:NAME" or "category:CATEGORY". Nothing when the text is none of them.
std::optional<v1::Stratify> ParseStratify(std::string_view text);

// "QUERY=NUMBER" of a flag, the number behind the last '='. A usage error for a number that is not whole (0.5, nan) or
// below `number_min`.
Outcome ParseQueryNumber(std::string_view flag, std::string_view text, int64_t number_min, std::string* query,
                         int64_t* number);

}  // namespace millrace::cli
