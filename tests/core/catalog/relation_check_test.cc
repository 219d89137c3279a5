// Goal: aliases and implications that would contradict each other are refused, with a reason, whatever their order.
// Method: small lists by hand; random graphs against a plain search for circles.
#include "core/catalog/relation_check.h"

#include <map>
#include <random>
#include <set>

#include "tests/core/catalog/facts_fixture.h"

namespace millrace {
namespace {

std::vector<size_t> RefusedOf(const RelationFaults& faults) {
  std::vector<size_t> indexes;
  for (const RelationFault& fault : faults.refused) indexes.push_back(fault.index);
  return indexes;
}

TEST_CASE("aliases: none of itself, one a tag, none of an alias") {
  const RelationFaults faults = CheckAliases({}, {Alias("a", "b"), Alias("c", "c"), Alias("a", "x"), Alias("d", "a")});
  REQUIRE(RefusedOf(faults) == std::vector<size_t>{1, 2, 3});
  CHECK(faults.refused[0].field == "consequent_name");
  CHECK(faults.refused[0].reason == "is \"c\": a tag cannot be an alias of itself");
  CHECK(faults.refused[1].field == "antecedent_name");
  CHECK(faults.refused[1].reason == "is \"a\", which is an alias of \"b\" already");
  CHECK(faults.refused[2].reason == "is \"a\", which is itself an alias of \"b\"");
  // Both directions at once: neither stands.
  CHECK(RefusedOf(CheckAliases({}, {Alias("a", "b"), Alias("b", "a")})) == std::vector<size_t>{0, 1});
  CHECK(RefusedOf(CheckAliases({}, {Alias("a", "c"), Alias("b", "c")})).empty());
}

TEST_CASE("aliases that are told later go before known ones that contradict them") {
  const std::vector<TagRelation> known{Alias("a", "b"), Alias("c", "d"), Alias("e", "f"), Alias("g", "h")};
  // "a" anew; "d" becomes an alias; "e" becomes what others are an alias of.
  const RelationFaults faults = CheckAliases(known, {Alias("a", "x"), Alias("d", "y"), Alias("z", "e")});
  CHECK(faults.refused.empty());
  CHECK(faults.superseded == std::vector<size_t>{0, 1, 2});
}

TEST_CASE("implications: the one that closes a circle is refused, and the circle named") {
  const RelationFaults faults =
      CheckImplications({Implication("a", "b")}, {Implication("b", "c"), Implication("c", "a"), Implication("c", "c")});
  REQUIRE(RefusedOf(faults) == std::vector<size_t>{1, 2});
  CHECK(faults.refused[0].reason == "is \"a\", which would close the circle \"c\" -> \"a\" -> \"b\" -> \"c\"");
  CHECK(faults.refused[1].reason == "is \"c\": a tag cannot imply itself");
  CHECK(CheckImplications({},
                          {Implication("a", "b"), Implication("a", "c"), Implication("b", "d"), Implication("c", "d")})
            .refused.empty());
}

TEST_CASE("implications of a tag are bounded") {
  std::vector<TagRelation> told;
  for (int64_t i = 0; i <= kImpliedCountMax + 1; ++i) {
    told.push_back(Implication("tag" + std::to_string(i), "tag" + std::to_string(i + 1)));
  }
  // From the far end on, so that each new one implies all before it.
  std::reverse(told.begin(), told.end());
  const RelationFaults faults = CheckImplications({}, told);
  REQUIRE(faults.refused.size() == 1);
  CHECK(faults.refused[0].reason.find("implies more than 1000 tags") != std::string::npos);
}

TEST_CASE("implications of a tag are bounded in whatever order they are told") {
  std::vector<TagRelation> chain;
  for (int64_t i = 0; i < 2500; ++i) {
    chain.push_back(Implication("tag" + std::to_string(i), "tag" + std::to_string(i + 1)));
  }
  const RelationFaults of_chain = CheckImplications({}, chain);
  REQUIRE(of_chain.refused.size() == 2);
  // tag0 leads to 1,000 others, and so does the first one behind the gap.
  CHECK(of_chain.refused[0].index == 1000);
  CHECK(of_chain.refused[1].index == 2001);
  CHECK(of_chain.refused[0].reason.find("\"tag0\" would imply more than 1000 tags") != std::string::npos);

  std::vector<TagRelation> star;
  for (int64_t i = 0; i < 1500; ++i) star.push_back(Implication("a", "b" + std::to_string(i)));
  const RelationFaults of_star = CheckImplications({}, star);
  REQUIRE(of_star.refused.size() == 500);
  CHECK(of_star.refused.front().index == 1000);

  // What is known stands; what was told gives way.
  const std::vector<TagRelation> known(star.begin(), star.begin() + 1000);
  CHECK(CheckImplications(known, {Implication("c", "a")}).refused.size() == 1);
  CHECK(CheckImplications(known, {Implication("b0", "b1")}).refused.empty());
  CHECK(CheckImplications(known, {Implication("b0", "d")}).refused.size() == 1);
}

TEST_CASE("what is left of random implications has no circle, and every refused one would close one") {
  std::mt19937 random(GENERATE(1, 2, 3, 4, 5));
  std::vector<TagRelation> told;
  std::set<std::pair<std::string, std::string>> seen;
  for (int i = 0; i < 120; ++i) {
    std::string from = "t" + std::to_string(random() % 40), to = "t" + std::to_string(random() % 40);
    if (seen.insert({from, to}).second) told.push_back(Implication(from, to));
  }
  const std::vector<size_t> refused = RefusedOf(CheckImplications({}, told));
  std::map<std::string, std::set<std::string>> implied;  // all that each tag leads to
  size_t next_refused = 0;
  for (size_t i = 0; i < told.size(); ++i) {
    const std::string &from = told[i].antecedent, &to = told[i].consequent;
    const bool closes = from == to || implied[to].count(from) > 0;
    const bool is_refused = next_refused < refused.size() && refused[next_refused] == i;
    if (is_refused) ++next_refused;
    CHECK(is_refused == closes);
    if (closes) continue;
    std::set<std::string> added = implied[to];
    added.insert(to);
    for (auto& [tag, reached] : implied) {
      if (tag == from || reached.count(from) > 0) reached.insert(added.begin(), added.end());
    }
    implied[from].insert(added.begin(), added.end());
  }
  CHECK(next_refused == refused.size());
}

}  // namespace
}  // namespace millrace
