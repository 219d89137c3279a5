// Aliases and implications made up at random.
#pragma once

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <tuple>
#include <vector>

#include "core/model/tag_relation.h"
#include "tests/core/snapshot/support.h"

namespace millrace::testing {

// Of the content's tags and a few names that no post says. Aliases are not transitive; implications may lead in
// circles, which says no more than that each tag of them implies the others.
inline DatasetFacts RandomRelations(std::mt19937& random, const Content& content) {
  const auto name = [&]() -> std::string {
    if (random() % 4 == 0 || content.tags.empty()) return "u" + std::to_string(random() % 6);
    return content.tags[random() % content.tags.size()].name;
  };
  const size_t relation_count = content.tags.size() / 4 + 2;
  DatasetFacts facts;
  std::set<std::string> antecedents, consequents;
  for (size_t i = 0; i < relation_count; ++i) {
    const std::string from = name();
    const std::string to = name();
    if (from == to || consequents.count(from) > 0 || antecedents.count(to) > 0) continue;
    if (!antecedents.insert(from).second) continue;
    consequents.insert(to);
    facts.aliases.push_back({TagRelationKind::kAlias, from, to, "active", ""});
  }
  for (size_t i = 0; i < relation_count; ++i) {
    const std::string from = name();
    const std::string to = name();
    if (from != to) facts.implications.push_back({TagRelationKind::kImplication, from, to, "active", ""});
  }
  const auto by_names = [](const TagRelation& a, const TagRelation& b) {
    return std::tie(a.antecedent, a.consequent) < std::tie(b.antecedent, b.consequent);
  };
  for (std::vector<TagRelation>* const relations : {&facts.aliases, &facts.implications}) {
    std::sort(relations->begin(), relations->end(), by_names);
    relations->erase(std::unique(relations->begin(), relations->end()), relations->end());
  }
  return facts;
}

}  // namespace millrace::testing
