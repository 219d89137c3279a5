// Goal: a bad specification is refused with the field's name, and a good one has one canonical form, which reads back
// to the same and nothing else reads. Method: one fault at a time; round trips over random specifications; mutations.
#include "core/plan/plan_spec.h"

#include <functional>
#include <random>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

PlanSpec Good() { return {.snapshot = std::string(64, 'a'), .seed = 42, .splits = DefaultSplits(), .batch_size = 64}; }

std::string FieldAtFault(const std::function<void(PlanSpec*)>& spoil) {
  PlanSpec spec = Good();
  spoil(&spec);
  const absl::Status status = ValidatePlanSpec(spec);
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  return FieldOf(status);
}

TEST_CASE("a good specification is valid, at its limits too") {
  CHECK(ValidatePlanSpec(Good()).ok());
  PlanSpec spec = Good();
  spec.seed = ~uint64_t{0};
  spec.batch_size = kBatchSizeMax;
  spec.splits.clear();
  for (size_t i = 0; i < kSplitCountMax; ++i) {
    spec.splits.push_back({.name = "s" + std::to_string(i), .share = i == 0 ? kShareMax : 0});
  }
  CHECK(ValidatePlanSpec(spec).ok());
}

TEST_CASE("a fault names its field") {
  CHECK(FieldAtFault([](PlanSpec* s) { s->snapshot = "abc"; }) == "spec.snapshot");
  CHECK(FieldAtFault([](PlanSpec* s) { s->snapshot = std::string(64, 'A'); }) == "spec.snapshot");
  CHECK(FieldAtFault([](PlanSpec* s) { s->strategy = static_cast<SplitStrategy>(0); }) == "spec.strategy");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits.clear(); }) == "spec.splits");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits.resize(65, {.name = "x", .share = 1}); }) == "spec.splits");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].name = ""; }) == "spec.splits[1].name");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].name = "Train"; }) == "spec.splits[1].name");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].name = "a\"b"; }) == "spec.splits[0].name");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[2].name = "train"; }) == "spec.splits[2].name");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].share = -1; }) == "spec.splits[1].share");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].share = kShareMax + 1; }) == "spec.splits[1].share");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].order = static_cast<OrderKind>(9); }) == "spec.splits[0].order");
  CHECK(FieldAtFault([](PlanSpec* s) {
          for (SplitSpec& split : s->splits) split.share = 0;
        }) == "spec.splits");
  CHECK(FieldAtFault([](PlanSpec* s) { s->batch_size = 0; }) == "spec.batch_size");
  CHECK(FieldAtFault([](PlanSpec* s) { s->batch_size = -5; }) == "spec.batch_size");
  CHECK(FieldAtFault([](PlanSpec* s) { s->batch_size = int64_t{1} << 31; }) == "spec.batch_size");
  CHECK(FieldAtFault([](PlanSpec* s) { s->last_batch = static_cast<LastBatch>(0); }) == "spec.last_batch");
  CHECK(FieldAtFault([](PlanSpec* s) { s->last_batch = static_cast<LastBatch>(4); }) == "spec.last_batch");
}

TEST_CASE("messages show what was given and what to give") {
  PlanSpec spec = Good();
  spec.splits[1].share = -7;
  const std::string message(ValidatePlanSpec(spec).message());
  CHECK_THAT(message, Catch::Contains("-7") && Catch::Contains("2147483647"));
}

TEST_CASE("the defaults are train 80, validation 10 and test 10, the latter two in one order") {
  CHECK(DefaultSplits() == std::vector<SplitSpec>{{"train", 80, OrderKind::kEpoch},
                                                  {"validation", 10, OrderKind::kFixed},
                                                  {"test", 10, OrderKind::kFixed}});
  CHECK(DefaultOrder("fold.1") == OrderKind::kEpoch);
}

TEST_CASE("the canonical form and the id are those of the specification's example") {
  PlanSpec spec = Good();
  spec.snapshot = "dd56de4137951d9c92681b03416ec15f886b4482a27e3a517d32f085244cbe5d";
  spec.batch_size = 3;
  const std::string form = CanonicalForm(spec);
  CHECK(form ==
        R"({"batch_size":3,"last_batch":"keep","seed":"42",)"
        R"("snapshot":"dd56de4137951d9c92681b03416ec15f886b4482a27e3a517d32f085244cbe5d",)"
        R"("splits":[{"name":"train","order":"epoch","share":80},{"name":"validation","order":"fixed","share":10},)"
        R"({"name":"test","order":"fixed","share":10}],"strategy":"exact","version":1})");
  CHECK(PlanIdOf(form) == "bf3851927889126148724c0eac4a663c1e3c1242a40585502834e76c0e55426d");
}

TEST_CASE("random specifications survive the round trip") {
  std::mt19937_64 random(50);
  for (int round = 0; round < 2000; ++round) {
    PlanSpec spec = Good();
    spec.seed = random() >> (random() % 64);
    spec.batch_size = 1 + static_cast<int64_t>(random() % kBatchSizeMax);
    spec.last_batch = static_cast<LastBatch>(1 + random() % 3);
    spec.splits.assign(1 + random() % kSplitCountMax, {});
    for (size_t i = 0; i < spec.splits.size(); ++i) {
      spec.splits[i] = {.name = std::to_string(random() % 1000) + ".s_-" + std::to_string(i),
                        .share = static_cast<int64_t>(1 + random() % kShareMax),
                        .order = random() % 2 == 0 ? OrderKind::kEpoch : OrderKind::kFixed};
    }
    const std::string form = CanonicalForm(spec);
    const absl::StatusOr<PlanSpec> parsed = ParseCanonicalForm(form);
    REQUIRE(parsed.ok());
    REQUIRE(*parsed == spec);
    REQUIRE(CanonicalForm(*parsed) == form);
  }
}

std::string Replaced(std::string text, const std::string& from, const std::string& to) {
  const size_t at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST_CASE("what is not canonical is refused") {
  const std::string form = CanonicalForm(Good());
  const std::string others[] = {
      "",
      "{}",
      "[]",
      "null",
      form + " ",
      form + form,
      form.substr(0, form.size() - 1),
      std::string(100000, '['),
      Replaced(form, ":64", ": 64"),
      Replaced(form, ":64", ":064"),
      Replaced(form, ":64", ":64.0"),
      Replaced(form, ":64", ":0"),
      Replaced(form, "\"42\"", "42"),
      Replaced(form, "\"42\"", "\"042\""),
      Replaced(form, "\"42\"", "\"-1\""),
      Replaced(form, "\"42\"", "\"18446744073709551616\""),
      Replaced(form, "\"keep\"", "\"other\""),
      Replaced(form, "\"exact\"", "\"hash\""),
      Replaced(form, "\"version\":1", "\"version\":2"),
      Replaced(form, ",\"version\":1", ""),
      Replaced(form, "\"version\":1", "\"version\":1,\"weights\":[]"),
      Replaced(form, "{\"batch_size\":64,", "{\"batch_size\":64,\"batch_size\":64,"),
      Replaced(form, "\"share\":80", "\"share\":80,\"unit\":\"post\""),
      Replaced(form, "\"share\":80", "\"share\":-80"),
      Replaced(form, "\"train\"", "\"tr\\u0061in\""),
  };
  for (const std::string& other : others) {
    CAPTURE(other.substr(0, 400));
    CHECK(ReasonOf(ParseCanonicalForm(other).status()) == Reason::kInternal);
  }
}

TEST_CASE("no changed byte goes unnoticed") {
  const std::string form = CanonicalForm(Good());
  for (size_t i = 0; i < form.size(); ++i) {
    for (const int bit : {0, 3, 7}) {
      std::string changed = form;
      changed[i] = static_cast<char>(changed[i] ^ 1 << bit);
      const absl::StatusOr<PlanSpec> parsed = ParseCanonicalForm(changed);
      // A changed digit or letter may be another good plan; then it has another id.
      if (parsed.ok()) REQUIRE(CanonicalForm(*parsed) == changed);
      REQUIRE(PlanIdOf(changed) != PlanIdOf(form));
    }
  }
}

}  // namespace
}  // namespace millrace
