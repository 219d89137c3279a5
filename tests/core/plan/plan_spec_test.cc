// Goal: a bad specification is refused with the field's name and a message that says what to do, and every good one is
// taken. Method: one fault at a time in specifications of every kind; random valid ones.
#include "core/plan/plan_spec.h"

#include <functional>

#include "core/base/error.h"
#include "tests/core/plan/random_spec.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Spoil = std::function<void(PlanSpec*)>;

PlanSpec Good() {
  PlanSpec spec;
  spec.snapshot = std::string(64, 'a');
  spec.seed = 42;
  spec.splits = DefaultSplits();
  spec.batch_size = 64;
  return spec;
}

PlanSpec GoodIdRange() {
  PlanSpec spec = Good();
  spec.strategy = SplitStrategy::kIdRange;
  spec.modulus = 1000;
  const IdRange ranges[] = {{0, 899}, {900, 949}, {950, 999}};
  for (size_t i = 0; i < 3; ++i) {
    spec.splits[i].share = 0;
    spec.splits[i].ranges = {ranges[i]};
  }
  return spec;
}

PlanSpec GoodStratified() {
  PlanSpec spec = Good();
  spec.strategy = SplitStrategy::kStratified;
  spec.stratify.emplace();
  return spec;
}

PlanSpec GoodHalf() {
  PlanSpec spec = Good();
  spec.strategy = SplitStrategy::kPartitioned;
  spec.coverage = Coverage::kHalf;
  return spec;
}

PlanSpec GoodBlock() {
  PlanSpec spec = Good();
  spec.splits[0].order = OrderKind::kBlock;
  spec.splits[0].block_rows = 1024;
  spec.splits[0].window_blocks = 16;
  return spec;
}

PlanSpec GoodWeighted() {
  PlanSpec spec = Good();
  spec.splits[0].order = OrderKind::kWeighted;
  spec.weights.emplace();
  spec.weights->queries = {{"1girl", 3}, {"comic", 0}};
  return spec;
}

PlanSpec GoodTagFrequency() {
  PlanSpec spec = Good();
  spec.splits[0].order = OrderKind::kWeighted;
  spec.weights.emplace();
  spec.weights->by = WeightsBy::kTagFrequency;
  spec.weights->cap = 100;
  spec.weights->power_quarters = 2;
  return spec;
}

PlanSpec GoodMixed() {
  PlanSpec spec = Good();
  spec.splits[0].order = OrderKind::kMixed;
  spec.mix.emplace();
  spec.mix->parts = {{"1girl", 3}, {"", 1}};
  return spec;
}

absl::Status FaultIn(PlanSpec spec, const Spoil& spoil) {
  spoil(&spec);
  absl::Status status = ValidatePlanSpec(spec);
  INFO(status.message());
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  return status;
}

std::string FieldAtFault(const Spoil& spoil, const PlanSpec& spec = Good()) { return FieldOf(FaultIn(spec, spoil)); }

std::string MessageOf(const Spoil& spoil, const PlanSpec& spec = Good()) {
  return std::string(FaultIn(spec, spoil).message());
}

TEST_CASE("good specifications of every kind are valid") {
  for (const PlanSpec& spec : {Good(), GoodIdRange(), GoodStratified(), GoodHalf(), GoodBlock(), GoodWeighted(),
                               GoodTagFrequency(), GoodMixed()}) {
    const absl::Status status = ValidatePlanSpec(spec);
    INFO(status.message());
    CHECK(status.ok());
  }
  RandomSpecs specs(11);
  for (int round = 0; round < 2000; ++round) {
    const absl::Status status = ValidatePlanSpec(specs.Draw());
    INFO(status.message());
    REQUIRE(status.ok());
  }
}

TEST_CASE("a specification is valid at its limits") {
  PlanSpec spec = Good();
  spec.seed = ~uint64_t{0};
  spec.batch_size = kBatchSizeMax;
  spec.splits.assign(kSplitCountMax, {});
  for (size_t i = 0; i < kSplitCountMax; ++i) spec.splits[i].name = "s" + std::to_string(i);
  spec.splits[0].share = kShareMax;
  CHECK(ValidatePlanSpec(spec).ok());

  spec = GoodIdRange();
  spec.modulus = kModulusMax;
  spec.splits[0].ranges.clear();
  spec.splits.resize(1);
  for (int64_t i = 0; i < 1024; ++i)
    spec.splits[0].ranges.push_back({kModulusMax - 2048 + 2 * i, kModulusMax - 2048 + 2 * i});
  CHECK(ValidatePlanSpec(spec).ok());
  spec.splits[0].ranges.push_back({kModulusMax - 1, kModulusMax - 1});
  CHECK(FieldOf(ValidatePlanSpec(spec)) == "spec.splits[0].ranges");

  spec = GoodMixed();
  spec.mix->parts = {{"a", kMixDeckMax - 1}, {"b", 1}};
  CHECK(ValidatePlanSpec(spec).ok());
  spec.mix->parts[0].share = kMixDeckMax;
  CHECK(FieldOf(ValidatePlanSpec(spec)) == "spec.mix.parts");
}

TEST_CASE("a fault names its field") {
  CHECK(FieldAtFault([](PlanSpec* s) { s->snapshot = "abc"; }) == "spec.snapshot");
  CHECK(FieldAtFault([](PlanSpec* s) { s->snapshot = std::string(64, 'A'); }) == "spec.snapshot");
  CHECK(FieldAtFault([](PlanSpec* s) { s->strategy = static_cast<SplitStrategy>(0); }) == "spec.strategy");
  CHECK(FieldAtFault([](PlanSpec* s) { s->strategy = static_cast<SplitStrategy>(6); }) == "spec.strategy");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits.clear(); }) == "spec.splits");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits.resize(65, s->splits[0]); }) == "spec.splits");
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
  CHECK(FieldAtFault([](PlanSpec* s) { s->tags = static_cast<TagReading>(3); }) == "spec.tags");
  CHECK(FieldAtFault([](PlanSpec* s) { s->query = "a\nb"; }) == "spec.query");
  CHECK(FieldAtFault([](PlanSpec* s) { s->query = "a\x7f"; }) == "spec.query");
  CHECK(FieldAtFault([](PlanSpec* s) { s->query = "\xff"; }) == "spec.query");
  CHECK(FieldAtFault([](PlanSpec* s) { s->query.assign(kQuerySizeMax + 1, 'a'); }) == "spec.query");
}

TEST_CASE("messages show what was given and what to give") {
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->splits[1].share = -7; }),
             Catch::Contains("-7") && Catch::Contains("2147483647"));
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->splits[1].share = int64_t{1} << 31; }), Catch::Contains("2147483648"));
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->last_batch = static_cast<LastBatch>(4); }),
             Catch::Contains("KEEP (1), DROP (2) or PAD (3)"));
}

TEST_CASE("ranges of ids hold ids, and none is in two of them") {
  const PlanSpec good = GoodIdRange();
  const auto with = [&](size_t split, std::vector<IdRange> ranges) {
    return [=](PlanSpec* s) { s->splits[split].ranges = ranges; };
  };
  CHECK(FieldAtFault(with(1, {}), good) == "spec.splits[1].ranges");
  CHECK(FieldAtFault(with(1, {{949, 900}}), good) == "spec.splits[1].ranges[0]");
  CHECK_THAT(MessageOf(with(1, {{949, 900}}), good), Catch::Contains("949-900") && Catch::Contains("empty"));
  CHECK(FieldAtFault(with(2, {{950, 1000}}), good) == "spec.splits[2].ranges[0]");
  CHECK(FieldAtFault(with(0, {{-1, 899}}), good) == "spec.splits[0].ranges[0]");
  CHECK(FieldAtFault(with(2, {{950, 960}, {960, 999}}), good) == "spec.splits[2].ranges[1]");
  CHECK(FieldAtFault(with(2, {{960, 999}, {950, 959}}), good) == "spec.splits[2].ranges[1]");
  // Both ranges are named, wherever they stand.
  CHECK_THAT(MessageOf(with(1, {{899, 949}}), good), Catch::Contains("899-949") && Catch::Contains("0-899") &&
                                                         Catch::Contains("spec.splits[0].ranges[0]") &&
                                                         Catch::Contains("spec.splits[1].ranges[0]"));
  CHECK_THAT(MessageOf(with(0, {{0, 999}}), good), Catch::Contains("900-949") && Catch::Contains("0-999"));
  CHECK(FieldAtFault([](PlanSpec* s) { s->modulus = 0; }, good) == "spec.modulus");
  CHECK(FieldAtFault([](PlanSpec* s) { s->modulus = kModulusMax + 1; }, good) == "spec.modulus");
  CHECK(FieldAtFault([](PlanSpec* s) { s->modulus = 999; }, good) == "spec.splits[2].ranges[0]");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].share = 5; }, good) == "spec.splits[1].share");
  CHECK(FieldAtFault([](PlanSpec* s) { s->unit = SplitUnit::kPool; }, good) == "spec.unit");
}

TEST_CASE("a strategy is given what it takes and nothing else") {
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].ranges = {{0, 5}}; }) == "spec.splits[0].ranges");
  CHECK(FieldAtFault([](PlanSpec* s) { s->modulus = 1000; }) == "spec.modulus");
  CHECK(FieldAtFault([](PlanSpec* s) { s->unit = static_cast<SplitUnit>(0); }) == "spec.unit");
  CHECK(FieldAtFault([](PlanSpec* s) { s->unit = SplitUnit::kParent; }, GoodHalf()) == "spec.unit");
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify.emplace(); }) == "spec.stratify");
  CHECK(FieldAtFault([](PlanSpec* s) { s->coverage = Coverage::kHalf; }) == "spec.coverage");
  CHECK(FieldAtFault([](PlanSpec* s) { s->batch_rows = BatchRows::kAscending; }) == "spec.batch_rows");
  CHECK(FieldAtFault([](PlanSpec* s) { s->coverage = static_cast<Coverage>(3); }, GoodHalf()) == "spec.coverage");
  CHECK(FieldAtFault([](PlanSpec* s) { s->batch_rows = static_cast<BatchRows>(0); }, GoodHalf()) == "spec.batch_rows");
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->coverage = Coverage::kHalf; }),
             Catch::Contains("half") && Catch::Contains("exact") && Catch::Contains("PARTITIONED (5)"));
}

TEST_CASE("strata are told by exactly one thing") {
  const PlanSpec good = GoodStratified();
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify.reset(); }, good) == "spec.stratify");
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify->by = static_cast<StratifyBy>(0); }, good) == "spec.stratify.by");
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify->by = StratifyBy::kTag; }, good) == "spec.stratify.tag");
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify->tag = "1girl"; }, good) == "spec.stratify.tag");
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify->category = TagCategory::kArtist; }, good) ==
        "spec.stratify.category");
  CHECK(FieldAtFault([](PlanSpec* s) { s->stratify->by = StratifyBy::kCategory; }, good) == "spec.stratify.category");
}

TEST_CASE("half coverage takes three splits of 100 percent together") {
  const PlanSpec good = GoodHalf();
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits.pop_back(); }, good) == "spec.splits");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].share = 81; }, good) == "spec.splits");
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->splits[0].share = 81; }, good),
             Catch::Contains("101") && Catch::Contains("100"));
}

TEST_CASE("whole batches are ordered by batches") {
  for (const OrderKind order : {OrderKind::kBlock, OrderKind::kWeighted, OrderKind::kMixed}) {
    CHECK(FieldAtFault([=](PlanSpec* s) { s->splits[1].order = order; }, GoodHalf()) == "spec.splits[1].order");
  }
  PlanSpec spec = GoodHalf();
  spec.splits[1].order = OrderKind::kSequential;
  CHECK(ValidatePlanSpec(spec).ok());
}

TEST_CASE("blocks have sizes, and only blocks have") {
  const PlanSpec good = GoodBlock();
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].block_rows = 0; }, good) == "spec.splits[0].block_rows");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].block_rows = -1; }, good) == "spec.splits[0].block_rows");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].window_blocks = 0; }, good) == "spec.splits[0].window_blocks");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].window_blocks = 2097152; }, good) ==
        "spec.splits[0].window_blocks");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].block_rows = INT64_MAX; }, good) == "spec.splits[0].block_rows");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].block_rows = 5; }, good) == "spec.splits[1].block_rows");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[1].window_blocks = 5; }, good) == "spec.splits[1].window_blocks");
}

TEST_CASE("weights are not negative, not all 0, and there exactly when something is weighted") {
  const PlanSpec good = GoodWeighted();
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights.reset(); }, good) == "spec.weights");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].order = OrderKind::kEpoch; }, good) == "spec.weights");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->by = static_cast<WeightsBy>(3); }, good) == "spec.weights.by");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->queries.clear(); }, good) == "spec.weights.queries.queries");
  CHECK(FieldAtFault(
            [](PlanSpec* s) {
              s->weights->queries.resize(257, {"a", 1});
            },
            good) == "spec.weights.queries.queries");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->queries[1].weight = -1; }, good) ==
        "spec.weights.queries.queries[1].weight");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->queries[1].weight = kWeightMax + 1; }, good) ==
        "spec.weights.queries.queries[1].weight");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->queries[0].query = ""; }, good) ==
        "spec.weights.queries.queries[0].query");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->otherwise = -3; }, good) == "spec.weights.queries.otherwise");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->queries[0].weight = 0; }, good) == "spec.weights.queries");
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->weights->queries[0].weight = 0; }, good), Catch::Contains("all 0"));
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->epoch_samples = -1; }, good) == "spec.weights.epoch_samples");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->epoch_samples = kEpochSamplesMax + 1; }, good) ==
        "spec.weights.epoch_samples");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->cap = 5; }, good) == "spec.weights");
}

TEST_CASE("weights by tag frequency have a power and a cap") {
  const PlanSpec good = GoodTagFrequency();
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->power_quarters = 0; }, good) ==
        "spec.weights.tag_frequency.power_quarters");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->power_quarters = 5; }, good) ==
        "spec.weights.tag_frequency.power_quarters");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->cap = 0; }, good) == "spec.weights.tag_frequency.cap");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->cap = kWeightCapMax + 1; }, good) ==
        "spec.weights.tag_frequency.cap");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->category = TagCategory::kUnspecified; }, good) ==
        "spec.weights.tag_frequency.category");
  CHECK(FieldAtFault([](PlanSpec* s) { s->weights->otherwise = 1; }, good) == "spec.weights");
}

TEST_CASE("a mix has parts whose proportions fit a deck") {
  const PlanSpec good = GoodMixed();
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix.reset(); }, good) == "spec.mix");
  CHECK(FieldAtFault([](PlanSpec* s) { s->splits[0].order = OrderKind::kFixed; }, good) == "spec.mix");
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->parts.pop_back(); }, good) == "spec.mix.parts");
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->parts.resize(65, {"", 1}); }, good) == "spec.mix.parts");
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->parts[1].share = 0; }, good) == "spec.mix.parts[1].share");
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->parts[0].share = kShareMax + 1; }, good) == "spec.mix.parts[0].share");
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->parts[0].query = "\t"; }, good) == "spec.mix.parts[0].query");
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->parts[0].share = 65536; }, good) == "spec.mix.parts");
  CHECK_THAT(MessageOf([](PlanSpec* s) { s->mix->parts[0].share = 65536; }, good), Catch::Contains("65537"));
  CHECK(FieldAtFault([](PlanSpec* s) { s->mix->epoch_samples = -1; }, good) == "spec.mix.epoch_samples");
  PlanSpec reducible = good;
  reducible.mix->parts = {{"a", 2000000000}, {"b", 1000000000}};
  CHECK(ValidatePlanSpec(reducible).ok());
}

TEST_CASE("the defaults are train 80, validation 10 and test 10, the latter two in one order") {
  const std::vector<SplitSpec> splits = DefaultSplits();
  REQUIRE(splits.size() == 3);
  CHECK((splits[0].name == "train" && splits[0].share == 80 && splits[0].order == OrderKind::kEpoch));
  CHECK((splits[1].name == "validation" && splits[1].share == 10 && splits[1].order == OrderKind::kFixed));
  CHECK((splits[2].name == "test" && splits[2].share == 10 && splits[2].order == OrderKind::kFixed));
  CHECK(DefaultOrder("fold.1") == OrderKind::kEpoch);
}

}  // namespace
}  // namespace millrace
