// Units: sets of posts that one split must hold whole (docs/plan-specification.md, section 5.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/types/span.h"
#include "core/plan/permutation.h"
#include "core/plan/plan_input.h"
#include "core/plan/plan_spec.h"
#include "core/plan/split_assignment.h"

namespace millrace {

// The units of a selection, numbered from 0 in the order in which they first occur there.
struct UnitTable {
  std::vector<uint32_t> unit_of;  // by element
  std::vector<uint32_t> first;    // by unit: its first element
  std::vector<uint32_t> size;     // by unit: its elements

  size_t unit_count() const { return first.size(); }
};

UnitTable NumberUnits(absl::Span<const UnitKey> keys);
// Every element is a unit.
UnitTable SingleUnits(int64_t element_count);
// That of `spec`: posts, or what `input` says. Requires the input that NeedsOf asks for.
UnitTable UnitsOf(const PlanSpec& spec, const PlanInput& input, int64_t element_count);

// What a split should have got, and the unit most at fault when it did not.
struct SplitTally {
  int64_t target = 0;  // elements
  int64_t largest_unit_size = 0;
  uint32_t largest_unit = 0;  // that lies in the split's part of the layout, wholly or not

  void Offer(uint32_t unit, int64_t size) {
    if (size > largest_unit_size) {
      largest_unit_size = size;
      largest_unit = unit;
    }
  }
};

// Deals units (numbers of `table`) as `exact` does: laid out in the order `dealt`, cut at `counts`. Writes the split of
// every one of them to `split_of_unit`, and adds to `tallies` what each split should have got and what was in its way.
// Requires counts that add up to the units' elements.
void DealUnits(const Permutation& dealt, absl::Span<const uint32_t> units, const UnitTable& table,
               absl::Span<const int64_t> counts, absl::Span<SplitNumber> split_of_unit, absl::Span<SplitTally> tallies);

// The split of every element, from that of its unit.
std::vector<SplitNumber> AssignByUnit(const UnitTable& table, absl::Span<const SplitNumber> split_of_unit);

// A sentence for every split with a unit larger than what the split should have got. None when units are posts.
std::vector<std::string> UnitNotes(const PlanSpec& spec, const PlanInput& input, const UnitTable& table,
                                   absl::Span<const SplitTally> tallies, absl::Span<const SplitMembers> members);

}  // namespace millrace
