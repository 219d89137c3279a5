// How boards are asked for the aliases and implications of their tags. Pure functions; requires HasRelations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/catalog/source.h"
#include "core/model/tag_relation.h"
#include "core/refresh/board.h"

namespace millrace {

// The active ones with the smallest ids above `after_id`.
PageRequest MakeRelationsRequest(const SourceSettings& settings, TagRelationKind kind, int64_t after_id);

struct RelationsPage {
  std::vector<TagRelation> relations;  // active ones
  int64_t max_id = 0;                  // of all that are on the page; 0: it is empty
};

// kFileInvalid: not such a page of that kind, or not the one behind `after_id`; also when one record is no relation,
// for what a list leaves out is taken to be gone.
absl::StatusOr<RelationsPage> ParseRelations(TagRelationKind kind, int64_t after_id, const std::string& body);

}  // namespace millrace
