// Which aliases and implications may stand together. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/model/tag_relation.h"

namespace millrace {

// A tag that implies more than this many others is refused: it bounds what checking and applying cost.
inline constexpr int64_t kImpliedCountMax = 1'000;

// Why a relation may not stand. The index is that in the list given.
struct RelationFault {
  size_t index = 0;
  std::string field;   // "antecedent_name" or "consequent_name"
  std::string reason;  // as of a rejected record: goes on after the field's name
};

struct RelationFaults {
  std::vector<RelationFault> refused;  // of `told`, by index
  std::vector<size_t> superseded;      // of `known`: what contradicts something that was told later
};

// Checks active aliases, as boards do: a tag is no alias of itself, has one alias only (of several the first stands),
// and what it is an alias of is no alias itself. `known` keeps these rules; it gives way to what was told later.
RelationFaults CheckAliases(const std::vector<TagRelation>& known, const std::vector<TagRelation>& told);

// Checks active implications: they lead round in no circle. One that would close a circle with those before it (`known`
// first, then `told` in order) is refused, with the circle named. No tag
// implies more than kImpliedCountMax others: of those that lead to them the one that was told last is refused.
RelationFaults CheckImplications(const std::vector<TagRelation>& known, const std::vector<TagRelation>& told);

}  // namespace millrace
