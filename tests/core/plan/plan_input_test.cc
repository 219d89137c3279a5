// Goal: a plan asks for what it looks at, and for nothing else. Method: a specification of every kind.
#include "core/plan/plan_input.h"

#include "tests/core/plan/split_fixture.h"

namespace millrace {
namespace {

// The needs as letters: ids, units, strata, weights, mix.
std::string Letters(const PlanSpec& spec) {
  const PlanNeeds needs = NeedsOf(spec);
  return std::string(needs.post_ids ? "i" : "") + (needs.unit_keys ? "u" : "") + (needs.strata ? "s" : "") +
         (needs.weights ? "w" : "") + (needs.mix_parts ? "m" : "");
}

TEST_CASE("a plan needs what its strategy, unit and orders look at") {
  PlanSpec spec = StrategySpec(SplitStrategy::kExact, SplitsOfShares({8, 1}));
  CHECK(Letters(spec) == "");
  spec.query = "sky";
  CHECK(Letters(spec) == "");
  spec.unit = SplitUnit::kPool;
  CHECK(Letters(spec) == "u");
  spec.strategy = SplitStrategy::kHash;
  CHECK(Letters(spec) == "u");
  spec.unit = SplitUnit::kPost;
  CHECK(Letters(spec) == "i");
  spec.strategy = SplitStrategy::kIdRange;
  CHECK(Letters(spec) == "i");
  spec.strategy = SplitStrategy::kPartitioned;
  CHECK(Letters(spec) == "");
  spec.strategy = SplitStrategy::kStratified;
  CHECK(Letters(spec) == "s");
  spec.unit = SplitUnit::kParent;
  CHECK(Letters(spec) == "us");
  spec.splits[1].order = OrderKind::kWeighted;
  CHECK(Letters(spec) == "usw");
  spec.splits[0].order = OrderKind::kMixed;
  CHECK(Letters(spec) == "uswm");
}

}  // namespace
}  // namespace millrace
