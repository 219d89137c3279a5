// Which known name somebody who misspelt one probably meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// How many bytes of `a` have to be inserted, deleted or replaced to make it `b` (Levenshtein's distance); `limit` + 1
// when they are more than `limit`. Takes the product of the sizes, and next to nothing when these alone differ by more.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit);

// The name in `known` with the fewest insertions, deletions and replacements of characters from `name`; the first
// of several. Requires at least one known name.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

}  // namespace millrace
