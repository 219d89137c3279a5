// Goal: what a list does not tell erases nothing, what it tells stands.
// Method: for each kind of thing, a fact that tells all and one that tells the least, either way.
#include "core/catalog/told_facts.h"

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("who tells nothing of a tag but its name changes nothing") {
  const TagFact full{7, "cat", TagCategory::kMeta, true, 0, R"({"words":["cat"]})"};
  const TagFact least{0, "cat"};
  CHECK(ToldOver(full, least) == full);
  CHECK(ToldOver(least, full) == full);
}

TEST_CASE("what is told of a tag stands") {
  const TagFact before{7, "cat", TagCategory::kMeta, true, 3, R"({"a":1,"b":1})"};
  const TagFact told{8, "cat", TagCategory::kGeneral, false, 0, R"({"b":2})"};
  CHECK(ToldOver(before, told) == TagFact{8, "cat", TagCategory::kGeneral, false, 0, R"({"a":1,"b":2})"});
}

TEST_CASE("pools keep their name, kind, deletion and other fields; their posts are always told") {
  const PoolFact full{3, "three", "series", true, {1, 2}, R"({"a":1})"};
  CHECK(ToldOver(full, {3, "", "", std::nullopt, {2}, ""}) == PoolFact{3, "three", "series", true, {2}, R"({"a":1})"});
  CHECK(ToldOver(full, {3, "n", "k", false, {}, R"({"b":1})"}) == PoolFact{3, "n", "k", false, {}, R"({"a":1,"b":1})"});
}

TEST_CASE("artists and relations keep their other fields; other names and the status are always told") {
  CHECK(ToldOver(ArtistFact{1, "a", {"x"}, R"({"u":1})"}, ArtistFact{1, "b", {}, ""}) ==
        ArtistFact{1, "b", {}, R"({"u":1})"});
  const TagRelation before{TagRelationKind::kAlias, "a", "b", "deleted", R"({"id":1})"};
  const TagRelation told{TagRelationKind::kAlias, "a", "b", "", ""};
  CHECK(ToldOver(before, told) == TagRelation{TagRelationKind::kAlias, "a", "b", "", R"({"id":1})"});
}

}  // namespace
}  // namespace millrace
