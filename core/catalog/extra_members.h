// The members of two JSON objects as one: what a list told of something that there is no column for, over what lists
// told of it before.
#pragma once

#include <string>
#include <string_view>

namespace millrace {

// Both are JSON objects in canonical form (core/ingest/canonical_json.h), or empty; so is what comes out. Of a key that
// both have, `told` stands. Where one of them is not such an object after all, `told` stands as a whole, unless it is
// empty. No JSON library: in canonical form only the ends of keys and values have to be found, which a list of a
// million tags told again pays for.
std::string MembersOver(std::string_view before, std::string_view told);

}  // namespace millrace
