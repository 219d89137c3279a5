// Goal: a specification has one canonical form, which reads back to the same, and nothing else reads; plans of before
// the keys were added keep their forms and ids. Method: forms written out by hand; round trips over random
// specifications; the same texts through another JSON writer's rules; mutations.
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/plan/plan_spec.h"
#include "tests/core/plan/random_spec.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

PlanSpec Good() {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.seed = 42;
  spec.splits = DefaultSplits();
  spec.batch_size = 64;
  return spec;
}

// The form of Good() with other splits and more keys where they belong.
std::string FormWith(const std::string& head, const std::string& splits, const std::string& tail) {
  return "{" + head + R"("seed":"42","snapshot":")" + std::string(64, 'a') + R"(","splits":[)" + splits + "]," + tail +
         "}";
}

void CheckForm(const PlanSpec& spec, const std::string& form) {
  REQUIRE(ValidatePlanSpec(spec).ok());
  CHECK(CanonicalForm(spec) == form);
  const absl::StatusOr<PlanSpec> parsed = ParseCanonicalForm(form);
  REQUIRE(parsed.ok());
  CHECK(*parsed == spec);
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

TEST_CASE("every key stands where the order of bytes puts it") {
  PlanSpec spec = Good();
  spec.splits.resize(2);
  spec.query = "1girl -comic";
  spec.strategy = SplitStrategy::kStratified;
  spec.stratify = StratifySpec{};
  spec.unit = SplitUnit::kArtist;
  spec.splits[0].order = OrderKind::kBlock;
  spec.splits[0].block_rows = 1024;
  spec.splits[0].window_blocks = 16;
  CheckForm(spec, FormWith(R"("batch_size":64,"last_batch":"keep","query":"1girl -comic",)",
                           R"({"block_rows":1024,"name":"train","order":"block","share":80,"window_blocks":16},)"
                           R"({"name":"validation","order":"fixed","share":10})",
                           R"("strategy":"stratified","stratify":{"by":"rating"},"unit":"artist","version":1)"));
  spec.stratify->by = StratifyBy::kTag;
  spec.stratify->tag = "a\"b";
  spec.splits.erase(spec.splits.begin());
  CheckForm(spec,
            FormWith(R"("batch_size":64,"last_batch":"keep","query":"1girl -comic",)",
                     R"({"name":"validation","order":"fixed","share":10})",
                     R"("strategy":"stratified","stratify":{"by":"tag","tag":"a\"b"},"unit":"artist","version":1)"));
  spec.stratify = StratifySpec{StratifyBy::kCategory, "", TagCategory::kCharacter};
  CheckForm(spec, FormWith(R"("batch_size":64,"last_batch":"keep","query":"1girl -comic",)",
                           R"({"name":"validation","order":"fixed","share":10})",
                           R"("strategy":"stratified","stratify":{"by":"category","category":"character"},)"
                           R"("unit":"artist","version":1)"));
}

TEST_CASE("a plan says how it reads tags only when that is not as they were said") {
  PlanSpec spec = Good();
  const std::string as_said = CanonicalForm(spec);
  spec.tags = TagReading::kApplied;
  spec.unit = SplitUnit::kArtist;
  spec.splits.resize(1);
  CheckForm(spec, FormWith(R"("batch_size":64,"last_batch":"keep",)", R"({"name":"train","order":"epoch","share":80})",
                           R"("strategy":"exact","tags":"applied","unit":"artist","version":1)"));
  CHECK(as_said.find("tags") == std::string::npos);
  std::string told = as_said;
  told.insert(told.find(R"("version")"), R"("tags":"as_said",)");
  CHECK_FALSE(ParseCanonicalForm(told).ok());
}

TEST_CASE("ranges of ids, with their modulus") {
  PlanSpec spec = Good();
  spec.strategy = SplitStrategy::kIdRange;
  spec.modulus = 1000;
  spec.splits.resize(2);
  spec.splits[0].share = spec.splits[1].share = 0;
  spec.splits[0].ranges = {{0, 899}, {950, 950}};
  spec.splits[1].ranges = {{900, 949}};
  CheckForm(spec, FormWith(R"("batch_size":64,"last_batch":"keep","modulus":1000,)",
                           R"({"name":"train","order":"epoch","ranges":[[0,899],[950,950]]},)"
                           R"({"name":"validation","order":"fixed","ranges":[[900,949]]})",
                           R"("strategy":"id_range","version":1)"));
}

TEST_CASE("partitions, with half of the rows in ascending order") {
  PlanSpec spec = Good();
  spec.strategy = SplitStrategy::kPartitioned;
  spec.coverage = Coverage::kHalf;
  spec.batch_rows = BatchRows::kAscending;
  CheckForm(spec, FormWith(R"("batch_rows":"ascending","batch_size":64,"coverage":"half","last_batch":"keep",)",
                           R"({"name":"train","order":"epoch","share":80},)"
                           R"({"name":"validation","order":"fixed","share":10},)"
                           R"({"name":"test","order":"fixed","share":10})",
                           R"("strategy":"partitioned","version":1)"));
}

TEST_CASE("weights and mixes") {
  PlanSpec spec = Good();
  spec.splits.resize(2);
  spec.splits[0].order = OrderKind::kWeighted;
  spec.splits[1].order = OrderKind::kMixed;
  spec.weights = WeightsSpec{};
  spec.weights->queries = {{"1girl", 3}, {"é", 0}};
  spec.mix = MixSpec{{{"rating:s", 3}, {"", 1}}, 0};
  const std::string splits =
      R"({"name":"train","order":"weighted","share":80},{"name":"validation","order":"mixed","share":10})";
  const std::string head =
      R"("batch_size":64,"last_batch":"keep","mix":{"parts":[{"query":"rating:s","share":3},{"query":"","share":1}]},)";
  CheckForm(spec, FormWith(head, splits,
                           R"("strategy":"exact","version":1,"weights":{"by":"queries",)"
                           R"("queries":[{"query":"1girl","weight":3},{"query":"\u00e9","weight":0}],)"
                           R"("replacement":false})"));
  spec.weights->otherwise = 1;
  spec.weights->epoch_samples = 500;
  spec.weights->replacement = true;
  CheckForm(spec,
            FormWith(head, splits,
                     R"("strategy":"exact","version":1,"weights":{"by":"queries","epoch_samples":500,"otherwise":1,)"
                     R"("queries":[{"query":"1girl","weight":3},{"query":"\u00e9","weight":0}],)"
                     R"("replacement":true})"));
  spec.weights = WeightsSpec{};
  spec.weights->by = WeightsBy::kTagFrequency;
  spec.weights->cap = 100;
  spec.weights->power_quarters = 2;
  CheckForm(spec, FormWith(head, splits,
                           R"("strategy":"exact","version":1,"weights":{"by":"tag_frequency","cap":100,)"
                           R"("power_quarters":2,"replacement":false})"));
  spec.weights->category = TagCategory::kArtist;
  spec.mix->epoch_samples = 7;
  const std::string longer_head = R"("batch_size":64,"last_batch":"keep","mix":{"epoch_samples":7,)"
                                  R"("parts":[{"query":"rating:s","share":3},{"query":"","share":1}]},)";
  CheckForm(spec, FormWith(longer_head, splits,
                           R"("strategy":"exact","version":1,"weights":{"by":"tag_frequency","cap":100,)"
                           R"("category":"artist","power_quarters":2,"replacement":false})"));
}

TEST_CASE("texts become ASCII as the specification says") {
  const std::pair<std::string, std::string> texts[] = {
      {"a/b'~", "a/b'~"},
      {"\"", "\\\""},
      {"\\", "\\\\"},
      {"é", "\\u00e9"},
      {"初音", "\\u521d\\u97f3"},
      {"\xc2\x80", "\\u0080"},
      {"\uffff", "\\uffff"},
      {"\U00010000", "\\ud800\\udc00"},
      {"🎵", "\\ud83c\\udfb5"},
      {"\U0010ffff", "\\udbff\\udfff"},
  };
  for (const auto& [text, escaped] : texts) {
    CAPTURE(text);
    PlanSpec spec = Good();
    spec.query = text;
    const std::string form = CanonicalForm(spec);
    CHECK_THAT(form, Catch::Contains("\"query\":\"" + escaped + "\",\"seed\""));
    const absl::StatusOr<PlanSpec> parsed = ParseCanonicalForm(form);
    REQUIRE(parsed.ok());
    CHECK(parsed->query == text);
  }
}

TEST_CASE("random specifications survive the round trip") {
  RandomSpecs specs(50);
  for (int round = 0; round < 3000; ++round) {
    const PlanSpec spec = specs.Draw();
    const std::string form = CanonicalForm(spec);
    const absl::StatusOr<PlanSpec> parsed = ParseCanonicalForm(form);
    CAPTURE(form.substr(0, 2000));
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
  PlanSpec richer = Good();
  richer.query = "é";
  richer.splits[0].order = OrderKind::kWeighted;
  richer.weights = WeightsSpec{};
  richer.weights->queries = {{"a", 1}};
  const std::string form = CanonicalForm(Good());
  const std::string rich = CanonicalForm(richer);
  const std::string others[] = {
      "",
      "{}",
      "[]",
      "null",
      form + " ",
      form + form,
      form.substr(0, form.size() - 1),
      std::string(100000, '['),
      std::string(size_t{9} << 20, ' '),
      Replaced(form, ":64", ": 64"),
      Replaced(form, ":64", ":064"),
      Replaced(form, ":64", ":64.0"),
      Replaced(form, ":64", ":0"),
      Replaced(form, "\"42\"", "42"),
      Replaced(form, "\"42\"", "\"042\""),
      Replaced(form, "\"42\"", "\"-1\""),
      Replaced(form, "\"42\"", "\"18446744073709551616\""),
      Replaced(form, "\"keep\"", "\"other\""),
      Replaced(form, "\"exact\"", "\"random\""),
      Replaced(form, "\"exact\"", "\"stratified\""),
      Replaced(form, "\"version\":1", "\"version\":2"),
      Replaced(form, ",\"version\":1", ""),
      Replaced(form, "\"version\":1", "\"version\":1,\"weights\":[]"),
      Replaced(form, "{\"batch_size\":64,", "{\"batch_size\":64,\"batch_size\":64,"),
      Replaced(form, "\"share\":80", "\"share\":80,\"unit\":\"post\""),
      Replaced(form, "\"share\":80", "\"share\":-80"),
      Replaced(form, "\"train\"", "\"tr\\u0061in\""),
      // Defaults spelled out, unknown keys inside, other values.
      Replaced(form, "\"version\"", "\"unit\":\"post\",\"version\""),
      Replaced(form, "{\"batch", "{\"batch_rows\":\"drawn\",\"batch"),
      Replaced(form, "\"last_batch\"", "\"coverage\":\"full\",\"last_batch\""),
      Replaced(form, "\"seed\"", "\"query\":\"\",\"seed\""),
      Replaced(form, "\"seed\"", "\"modulus\":1000,\"seed\""),
      Replaced(form, "\"version\"", "\"unit\":\"uploader\",\"version\""),
      Replaced(rich, "\\u00e9", "é"),
      Replaced(rich, "\\u00e9", "\\u00E9"),
      Replaced(rich, "\"weight\":1", "\"weight\":1.0"),
      Replaced(rich, "\"weight\":1", "\"weight\":-1"),
      Replaced(rich, "\"weight\":1", "\"weight\":0"),
      Replaced(rich, "\"replacement\":false", "\"replacement\":0"),
      Replaced(rich, "\"replacement\":false", "\"replacement\":false,\"scale\":2"),
      Replaced(rich, "\"by\":\"queries\"", "\"by\":\"queries\",\"cap\":3"),
      Replaced(rich, "\"queries\":[", "\"otherwise\":0,\"queries\":["),
  };
  for (const std::string& other : others) {
    CAPTURE(other.substr(0, 400));
    CHECK(ReasonOf(ParseCanonicalForm(other).status()) == Reason::kInternal);
  }
}

TEST_CASE("no changed byte goes unnoticed") {
  RandomSpecs specs(7);
  for (const PlanSpec& spec : {Good(), specs.Draw(), specs.Draw(), specs.Draw()}) {
    const std::string form = CanonicalForm(spec);
    for (size_t i = 0; i < form.size() && i < 600; ++i) {
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
}

}  // namespace
}  // namespace millrace
