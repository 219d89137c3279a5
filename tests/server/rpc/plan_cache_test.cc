// Goal: the cache is bounded, keeps what was used last, and never brings back a deleted plan. Method: plans over ten
// posts, added, found and erased in turn.
#include "server/rpc/plan_cache.h"

#include <string>

#include "tests/support/catch.h"

namespace millrace {
namespace {

std::shared_ptr<const Plan> MakePlan() {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.splits = DefaultSplits();
  spec.batch_size = 4;
  return std::make_shared<const Plan>(*Plan::Open(spec, 10));
}

TEST_CASE("the least recently used plan goes first") {
  PlanCache cache(2);
  cache.Add("a", MakePlan(), cache.generation());
  cache.Add("b", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  cache.Add("c", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  CHECK(cache.Find("b") == nullptr);
  CHECK(cache.Find("c") != nullptr);
}

TEST_CASE("an erased plan is gone, and users keep theirs") {
  PlanCache cache(2);
  cache.Add("a", MakePlan(), cache.generation());
  const std::shared_ptr<const Plan> kept = cache.Find("a");
  cache.Erase("a");
  CHECK(cache.Find("a") == nullptr);
  CHECK(kept->splits().size() == 3);
  cache.Erase("a");
}

TEST_CASE("a plan that was looked up before a deletion is not kept behind it") {
  PlanCache cache(2);
  const uint64_t generation = cache.generation();
  cache.Erase("a");
  cache.Add("a", MakePlan(), generation);
  CHECK(cache.Find("a") == nullptr);
  cache.Add("a", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
}

TEST_CASE("adding a plan twice keeps one") {
  PlanCache cache(1);
  cache.Add("a", MakePlan(), cache.generation());
  cache.Add("a", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  cache.Erase("a");
  CHECK(cache.Find("a") == nullptr);
}

}  // namespace
}  // namespace millrace
