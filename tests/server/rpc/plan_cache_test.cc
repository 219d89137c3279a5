// Goal: the cache is bounded, keeps what was used last, and never brings back a deleted plan. Method: plans over ten
// posts, added, found and erased in turn.
#include "server/rpc/plan_cache.h"

#include <limits>
#include <string>

#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr size_t kNoLimit = std::numeric_limits<size_t>::max();

std::shared_ptr<const Plan> MakePlan() {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.splits = DefaultSplits();
  spec.batch_size = 4;
  return std::make_shared<const Plan>(*Plan::Open(spec, 10));
}

TEST_CASE("the least recently used plan goes first") {
  PlanCache cache(2, kNoLimit);
  cache.Add("a", MakePlan(), cache.generation());
  cache.Add("b", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  cache.Add("c", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  CHECK(cache.Find("b") == nullptr);
  CHECK(cache.Find("c") != nullptr);
}

// One that lists its members.
std::shared_ptr<const Plan> MakeLargePlan(int64_t post_count) {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.splits = DefaultSplits();
  spec.batch_size = 4;
  spec.strategy = SplitStrategy::kHash;
  PlanInput input;
  input.row_count = post_count;
  for (int64_t i = 0; i < post_count; ++i) input.post_ids.push_back(3 * i);
  return std::make_shared<const Plan>(*Plan::Open(spec, std::move(input)));
}

TEST_CASE("plans that take too much memory together go, the newest one stays") {
  const std::shared_ptr<const Plan> large = MakeLargePlan(10'000);
  const size_t large_size_bytes = large->memory_bytes();
  REQUIRE(large_size_bytes > 1000);
  PlanCache cache(100, 2 * large_size_bytes);
  cache.Add("a", large, cache.generation());
  cache.Add("b", MakeLargePlan(10'000), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  cache.Add("c", MakeLargePlan(10'000), cache.generation());
  CHECK(cache.Find("b") == nullptr);
  CHECK(cache.Find("a") != nullptr);
  cache.Erase("a");
  cache.Add("d", large, cache.generation());
  CHECK(cache.Find("c") != nullptr);
  cache.Add("e", MakeLargePlan(100'000), cache.generation());
  CHECK(cache.Find("c") == nullptr);
  CHECK(cache.Find("d") == nullptr);
  CHECK(cache.Find("e") != nullptr);
  cache.Add("f", MakePlan(), cache.generation());
  CHECK(cache.Find("f") != nullptr);
}

TEST_CASE("an erased plan is gone, and users keep theirs") {
  PlanCache cache(2, kNoLimit);
  cache.Add("a", MakePlan(), cache.generation());
  const std::shared_ptr<const Plan> kept = cache.Find("a");
  cache.Erase("a");
  CHECK(cache.Find("a") == nullptr);
  CHECK(kept->splits().size() == 3);
  cache.Erase("a");
}

TEST_CASE("a plan that was looked up before a deletion is not kept behind it") {
  PlanCache cache(2, kNoLimit);
  const uint64_t generation = cache.generation();
  cache.Erase("a");
  cache.Add("a", MakePlan(), generation);
  CHECK(cache.Find("a") == nullptr);
  cache.Add("a", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
}

TEST_CASE("adding a plan twice keeps one") {
  PlanCache cache(1, kNoLimit);
  cache.Add("a", MakePlan(), cache.generation());
  cache.Add("a", MakePlan(), cache.generation());
  CHECK(cache.Find("a") != nullptr);
  cache.Erase("a");
  CHECK(cache.Find("a") == nullptr);
}

}  // namespace
}  // namespace millrace
