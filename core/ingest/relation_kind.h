// Lists of tag aliases and of tag implications have the same fields: their files' names tell them apart.
#pragma once

#include <optional>
#include <string_view>

#include "core/model/tag_relation.h"

namespace millrace {

// By "alias" or "implication" in the name, in whatever case. Of a path, the file's own name counts, and only where that
// tells nothing the folders', from the last to the first. Nothing when a part holds both, or none holds either.
std::optional<TagRelationKind> TellRelationKind(std::string_view file_name);

}  // namespace millrace
