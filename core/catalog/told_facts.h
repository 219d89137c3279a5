// What lists tell of the same thing one after another, within an import or in later ones: what a list does not tell
// erases nothing. Lists differ in what they carry: one has no deprecation, another no counts, or fewer other fields.
#pragma once

#include "core/model/tag_relation.h"

namespace millrace {

// Each: what `told` tells, and what was told `before` where it says nothing. The fields that we have no place for are
// each a fact of its own (extra_members.h).
//
// Not told are: id 0, no category, no deprecation, no count.
TagFact ToldOver(const TagFact& before, const TagFact& told);
// A list without statuses tells that the relation applies: its status is always told.
TagRelation ToldOver(const TagRelation& before, const TagRelation& told);
// Not told are: an empty name or kind, no word of its deletion. A list of pools always tells which posts they have.
PoolFact ToldOver(const PoolFact& before, const PoolFact& told);
// Of artists the other names are told as a whole.
ArtistFact ToldOver(const ArtistFact& before, const ArtistFact& told);

}  // namespace millrace
