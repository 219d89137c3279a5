// Which known name somebody who misspelt one probably meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// The name in `known` with the fewest insertions, deletions and replacements of characters from `name`; the first
// of several. Requires at least one known name.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

}  // namespace millrace
