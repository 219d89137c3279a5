// Goal: what became of a plan survives its text, whatever the notes hold, and other texts are refused.
#include "core/plan/plan_outcome.h"

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

PlanOutcome Example() {
  PlanOutcome outcome;
  outcome.selected_count = 1'000'000'000'000;
  outcome.unassigned_count = 7;
  outcome.splits = {{.name = "train", .member_count = 5, .sample_count = 6, .batch_count = 2},
                    {.name = "test", .member_count = 0, .sample_count = 0, .batch_count = 0}};
  outcome.notes = {"A note.", "Of \"初音🎵\"\\\n\t\x7f.", ""};
  return outcome;
}

void CheckEqual(const PlanOutcome& a, const PlanOutcome& b) {
  CHECK(a.selected_count == b.selected_count);
  CHECK(a.unassigned_count == b.unassigned_count);
  CHECK(a.notes == b.notes);
  REQUIRE(a.splits.size() == b.splits.size());
  for (size_t i = 0; i < a.splits.size(); ++i) {
    CHECK(a.splits[i].name == b.splits[i].name);
    CHECK(a.splits[i].member_count == b.splits[i].member_count);
    CHECK(a.splits[i].sample_count == b.splits[i].sample_count);
    CHECK(a.splits[i].batch_count == b.splits[i].batch_count);
  }
}

TEST_CASE("an outcome survives its text") {
  const absl::StatusOr<PlanOutcome> parsed = ParsePlanOutcome(FormatPlanOutcome(Example()));
  REQUIRE(parsed.ok());
  CheckEqual(*parsed, Example());
  const absl::StatusOr<PlanOutcome> bare = ParsePlanOutcome(FormatPlanOutcome(PlanOutcome()));
  REQUIRE(bare.ok());
  CheckEqual(*bare, PlanOutcome());
}

TEST_CASE("the outcome of a plan is what the opened plan says") {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.splits = DefaultSplits();
  spec.batch_size = 4;
  const absl::StatusOr<Plan> plan = Plan::Open(spec, 100);
  REQUIRE(plan.ok());
  const PlanOutcome outcome = OutcomeOf(*plan);
  CHECK(outcome.selected_count == 100);
  CHECK(outcome.unassigned_count == 0);
  REQUIRE(outcome.splits.size() == 3);
  CHECK(outcome.splits[0].name == "train");
  CHECK(outcome.splits[0].member_count == 80);
  CHECK(outcome.splits[0].sample_count == 80);
  CHECK(outcome.splits[0].batch_count == 20);
}

TEST_CASE("other texts are refused") {
  const std::string text = FormatPlanOutcome(Example());
  for (const std::string& other : {std::string(), std::string("{}"), std::string("[]"), text.substr(1),
                                   text.substr(0, text.size() - 1), std::string("{\"notes\":[1]}")}) {
    CAPTURE(other);
    CHECK(ReasonOf(ParsePlanOutcome(other).status()) == Reason::kInternal);
  }
}

}  // namespace
}  // namespace millrace
