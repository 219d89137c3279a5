// The id of a tag that is known by name: one rule for imports and for pages of a refresh.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/status/statusor.h"
#include "core/catalog/recent_tags.h"
#include "core/catalog/sqlite.h"
#include "core/catalog/staged_facts.h"

namespace millrace {

// What tells ids of names.
struct TagIdSources {
  Database* database = nullptr;  // null: the dataset has nothing yet
  int64_t dataset_id = 0;
  const StagedFacts* list = nullptr;  // the list of tags that comes with the import; null: none
  bool has_earlier_lists = true;      // false: none told anything, so nobody needs to look
  RecentTags* recent = nullptr;       // is told what was found; may be null
};

// In this order:
// - That of the dataset's tag of the name (of several, the one that a list of tags named, else the smallest). Not when
//   the import's list renames that tag: it gives the id to a name that no tag of the dataset has.
// - The one that the import's list tells (an id that it tells of several names is the first name's), then the one that
//   an earlier list told, unless a tag of another name has it.
// - A derived one (tag_id.h).
// Ids from kDerivedTagIdMin on are none that a list may tell. Depends on the sources alone, not on the order in which
// names are asked for; `given`, the ids of other names in this import or page, only decides what they leave open: an id
// that earlier lists told of two names, and two names of one hash.
absl::StatusOr<int64_t> FindTagId(const TagIdSources& sources, std::string_view name,
                                  const absl::flat_hash_set<int64_t>& given);

}  // namespace millrace
