// How the kinds of boards that name tags without their categories are asked for these. Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/catalog/source.h"
#include "core/model/tag_relation.h"
#include "core/refresh/board.h"

namespace millrace {

// Whether pages of the kind leave categories out, and the board has a list of tags that tells them.
bool HasTagLookup(BoardKind kind);
// Whether the board gives all its tags at once (Moebooru): many names cost one request then.
bool HasWholeTagList(BoardKind kind);

// Asks about the first of `names`, as many as one request holds; *count tells how many, at least one. Requires that
// there are some, and HasTagLookup.
PageRequest MakeTagRequest(const SourceSettings& settings, absl::Span<const std::string> names, size_t* count);
// Asks for all tags. Requires HasWholeTagList.
PageRequest MakeTagListRequest(const SourceSettings& settings);

// The tags of an answer that are of `names` (ascending), without their ids: our tags have ids of their names' own
// (named_tag_id.h). A whole list holds a hundred times as many, and a search for one name finds others, too. A tag
// whose category is none of ours has none. kFileInvalid: not such an answer.
absl::StatusOr<std::vector<TagFact>> ParseTags(BoardKind kind, absl::Span<const std::string> names,
                                               const std::string& body);

}  // namespace millrace
