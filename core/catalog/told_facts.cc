#include "core/catalog/told_facts.h"

#include "core/catalog/extra_members.h"

namespace millrace {

TagFact ToldOver(const TagFact& before, const TagFact& told) {
  TagFact fact = told;
  if (told.id == 0) fact.id = before.id;
  if (told.category == TagCategory::kUnspecified) fact.category = before.category;
  if (!told.is_deprecated.has_value()) fact.is_deprecated = before.is_deprecated;
  if (!told.source_post_count.has_value()) fact.source_post_count = before.source_post_count;
  fact.extra_json = MembersOver(before.extra_json, told.extra_json);
  return fact;
}

TagRelation ToldOver(const TagRelation& before, const TagRelation& told) {
  TagRelation relation = told;
  relation.extra_json = MembersOver(before.extra_json, told.extra_json);
  return relation;
}

PoolFact ToldOver(const PoolFact& before, const PoolFact& told) {
  PoolFact pool = told;
  if (told.name.empty()) pool.name = before.name;
  if (told.kind.empty()) pool.kind = before.kind;
  if (!told.is_deleted.has_value()) pool.is_deleted = before.is_deleted;
  pool.extra_json = MembersOver(before.extra_json, told.extra_json);
  return pool;
}

ArtistFact ToldOver(const ArtistFact& before, const ArtistFact& told) {
  ArtistFact artist = told;
  artist.extra_json = MembersOver(before.extra_json, told.extra_json);
  return artist;
}

}  // namespace millrace
