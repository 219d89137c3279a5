// What a plan looks at: a value for every element of its selection. Read from a snapshot by core/batch; temporary: an
// opened plan keeps what it derived, not these.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/plan/plan_spec.h"
#include "core/plan/row_list.h"

namespace millrace {

// docs/plan-specification.md, "Units".
struct UnitKey {
  uint32_t kind = 0;  // 0: the post itself, 1: a group
  int64_t id = 0;
  friend auto operator<=>(const UnitKey&, const UnitKey&) = default;
};

inline constexpr uint8_t kNoMixPart = 255;

// Which of PlanInput's vectors a specification needs.
struct PlanNeeds {
  bool post_ids = false;
  bool unit_keys = false;
  bool strata = false;
  bool weights = false;
  bool mix_parts = false;
};
PlanNeeds NeedsOf(const PlanSpec& spec);

struct PlanInput {
  int64_t row_count = 0;             // of the snapshot
  std::optional<RowList> selection;  // absent: every row
  // One value an element of the selection, in order; empty when not needed.
  std::vector<int64_t> post_ids;
  std::vector<UnitKey> unit_keys;
  std::vector<int64_t> strata;
  std::vector<int64_t> weights;
  std::vector<uint8_t> mix_parts;  // number of the part, or kNoMixPart
};

}  // namespace millrace
