// Keeps the names that a post said, where what they are aliases of takes their place.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace millrace {

// The member of a post's extra_json that has them.
inline constexpr char kAliasedTagsMember[] = "aliased_tags";

// The post's extra_json with the names in the member's list, behind what the source itself had there; each once. Both
// are canonical JSON. kInternal when `extra_json` is none.
absl::StatusOr<std::string> AddAliasedTags(const std::string& extra_json, absl::Span<const std::string_view> said);

}  // namespace millrace
