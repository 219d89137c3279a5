// Goal: facts of tags are found by name and by id, and come in the order of their names.
// Method: a thousand names of few letters, whose first bytes are often alike, against a sort of the names.
#include "core/catalog/staged_facts.h"

#include <algorithm>
#include <random>
#include <set>

#include "tests/support/catch.h"

namespace millrace {
namespace {

TEST_CASE("tags come in the order of their names' bytes, whatever these begin with") {
  std::mt19937 random(11);
  const std::string letters = "ab\x01\x7F\xC3\xA9_";
  std::set<std::string> names = {"a", "ab", "prefix_8", "prefix_8a", "prefix_8b", "prefix_9"};
  while (names.size() < 1'000) {
    std::string name = random() % 2 == 0 ? "prefix_" : "";
    for (size_t i = random() % 12 + 1; i > 0; --i) name += letters[random() % letters.size()];
    names.insert(std::move(name));
  }
  std::vector<std::string> told(names.begin(), names.end());
  std::shuffle(told.begin(), told.end(), random);
  StagedFacts facts;
  for (const std::string& name : told) REQUIRE(facts.AddTag({0, name}).ok());
  std::vector<std::string> sorted;
  for (const TagFact* tag : facts.SortedTags()) sorted.push_back(tag->name);
  CHECK(sorted == std::vector<std::string>(names.begin(), names.end()));
  for (const std::string& name : told) REQUIRE(facts.FindTag(name)->name == name);
  CHECK(facts.FindTag("prefix_") == nullptr);
}

TEST_CASE("an id leads to the first name that has it") {
  StagedFacts facts;
  for (const char* name : {"b", "a", "c"}) REQUIRE(facts.AddTag({5, name}).ok());
  CHECK(facts.FindTagById(5)->name == "a");
  CHECK(facts.FindTagById(6) == nullptr);
  // Told again with another id, the name stands for this one.
  REQUIRE(facts.AddTag({6, "a"}).ok());
  CHECK(facts.FindTagById(6)->name == "a");
  CHECK(facts.FindTagById(5) == nullptr);
}

TEST_CASE("facts stay where they are while others come") {
  StagedFacts facts;
  REQUIRE(facts.AddTag({1, "first", TagCategory::kMeta}).ok());
  const TagFact* const first = facts.FindTag("first");
  for (int64_t i = 2; i < 2'000; ++i) REQUIRE(facts.AddTag({i, "tag" + std::to_string(i)}).ok());
  REQUIRE(facts.AddTag({0, "first", TagCategory::kUnspecified, true}).ok());
  CHECK(facts.FindTag("first") == first);
  CHECK(*first == TagFact{1, "first", TagCategory::kMeta, true});
}

}  // namespace
}  // namespace millrace
