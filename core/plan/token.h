// A position bound to its plan and split, as text: docs/plan-specification.md, section 8.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/plan/plan.h"

namespace millrace {

// Requires a plan's full id, a valid split name and a position in range.
std::string EncodeToken(std::string_view plan_id, std::string_view split, Position position);

// The position in `token`, which must be a token of this plan and split. kTokenInvalid, saying what is wrong: not a
// token, another version, damaged, another plan, another split. Whether the epoch has the step is for the caller to
// see.
absl::StatusOr<Position> DecodeToken(std::string_view token, std::string_view plan_id, std::string_view split);

}  // namespace millrace
