// Values in the form that e621's exports give them, where it is theirs alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ingest/record.h"
#include "core/model/post.h"

namespace millrace {

// PostgreSQL's form of an array of ids: "{1,2}". Nothing when all is well, also for null; otherwise what is wrong.
std::optional<std::string> SetE621Ids(const ScalarValue& value, std::vector<int64_t>* ids);

// e621's number of a category: 0 general, 1 artist, 2 contributor, 3 copyright, 4 character, 5 species, 6 invalid, 7
// meta, 8 lore.
std::optional<TagCategory> ParseE621Category(std::string_view text);

}  // namespace millrace
