// What the tests of explanations share: a small snapshot with families, artists, pools, ratings and tags, and plans of
// every kind over it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/plan/plan_spec.h"
#include "core/snapshot/snapshot.h"

namespace millrace::testing {

inline constexpr int64_t kExplainedPostCount = 211;

// Ids that are neither dense nor equal to the rows.
int64_t PostIdOfRow(int64_t row);

// Tags 1 ("sky") and 2 ("comic") are general, 10 to 12 ("hero_10") characters, 20 to 24 ("painter_20") artists.
std::shared_ptr<const Snapshot> WriteExplainedSnapshot(const std::string& folder);

// Exact 80, 10, 10 by epochs, in batches of 16, seed 42.
PlanSpec BaseSpec(const Snapshot& snapshot);

struct NamedSpec {
  std::string name;
  PlanSpec spec;
};

// A plan of every strategy, unit and stratum.
std::vector<NamedSpec> SpecsOfStrategies(const Snapshot& snapshot);
// A plan of every order, last batch and kind of weights, with exact splits and with others.
std::vector<NamedSpec> SpecsOfOrders(const Snapshot& snapshot);

}  // namespace millrace::testing
