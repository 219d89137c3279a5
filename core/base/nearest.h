// Which known name somebody who misspelt one probably meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace millrace {

// How many slips of typing lie between the texts: bytes of `a` that have to be inserted, deleted, replaced, or swapped
// with the one behind them (and then left alone), to make it `b`; `limit` + 1 when they are more than `limit`. Takes
// one size times `limit`, and next to nothing when the sizes alone differ by more.
size_t EditDistance(std::string_view a, std::string_view b, size_t limit);

// The name in `known` with the fewest slips (as above) from `name`; the first of several. Requires at least one known
// name.
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

}  // namespace millrace
