// Goal: a request's specification means what it says, what it leaves out means the documented default, and what the
// server shows of a plan makes the same plan when it is sent back. Method: random valid specifications there and back;
// requests with one thing given.
#include "server/rpc/convert_plan_spec.h"

#include "core/base/error.h"
#include "tests/core/plan/random_spec.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

const std::string& Snapshot() {
  static const std::string snapshot(64, 'a');
  return snapshot;
}

v1::PlanSpec Request() {
  v1::PlanSpec message;
  message.set_batch_size(64);
  return message;
}

v1::SplitSpec* AddSplit(v1::PlanSpec* message, const std::string& name, int64_t share,
                        v1::OrderKind order = v1::ORDER_KIND_UNSPECIFIED) {
  v1::SplitSpec* split = message->add_splits();
  split->set_name(name);
  split->set_share(share);
  split->set_order(order);
  return split;
}

PlanSpec Ok(const v1::PlanSpec& message) {
  const absl::StatusOr<PlanSpec> spec = PlanSpecOf(message, Snapshot());
  INFO(spec.status().message());
  REQUIRE(spec.ok());
  return *spec;
}

std::string FieldAtFault(const v1::PlanSpec& message) {
  const absl::Status status = PlanSpecOf(message, Snapshot()).status();
  INFO(status.message());
  CHECK(ReasonOf(status) == Reason::kFieldInvalid);
  return FieldOf(status);
}

// Random texts are no queries: others take their places.
void GiveQueries(PlanSpec* spec) {
  if (!spec->query.empty()) spec->query = "1girl -comic rating:s";
  if (spec->weights.has_value()) {
    for (QueryWeight& weight : spec->weights->queries) weight.query = "score:>10";
  }
  if (spec->mix.has_value()) {
    for (MixPart& part : spec->mix->parts) part.query = part.query.empty() ? "" : "id:1..5 é";
  }
}

TEST_CASE("what is shown of a plan makes the same plan when it is sent back") {
  RandomSpecs specs(3);
  for (int round = 0; round < 1000; ++round) {
    PlanSpec spec = specs.Draw();
    GiveQueries(&spec);
    v1::PlanSpec message;
    SetPlanSpec(spec, &message);
    const absl::StatusOr<PlanSpec> back = PlanSpecOf(message, spec.snapshot);
    CAPTURE(CanonicalForm(spec).substr(0, 1000), back.status().message());
    REQUIRE(back.ok());
    REQUIRE(*back == spec);
  }
}

TEST_CASE("what is left out has its default") {
  const PlanSpec plain = Ok(Request());
  CHECK(plain.strategy == SplitStrategy::kExact);
  CHECK(plain.unit == SplitUnit::kPost);
  CHECK(plain.last_batch == LastBatch::kKeep);
  CHECK(plain.splits == DefaultSplits());
  CHECK(plain.seed == 0);

  v1::PlanSpec blocks = Request();
  AddSplit(&blocks, "test", 1, v1::ORDER_KIND_BLOCK);
  CHECK(Ok(blocks).splits[0].block_rows == 1024);
  CHECK(Ok(blocks).splits[0].window_blocks == 16);

  v1::PlanSpec ranges = Request();
  ranges.set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
  AddSplit(&ranges, "train", 0)->add_ranges()->set_last(999);
  CHECK(Ok(ranges).modulus == 1000);
  CHECK(Ok(ranges).splits[0].ranges == std::vector<IdRange>{{0, 999}});

  v1::PlanSpec frequency = Request();
  AddSplit(&frequency, "train", 1, v1::ORDER_KIND_WEIGHTED);
  frequency.mutable_weights()->mutable_tag_frequency();
  CHECK(Ok(frequency).weights->by == WeightsBy::kTagFrequency);
  CHECK(Ok(frequency).weights->cap == 100);
  CHECK(Ok(frequency).weights->power_quarters == 2);
  CHECK_FALSE(Ok(frequency).weights->category.has_value());

  v1::PlanSpec partitioned = Request();
  partitioned.set_strategy(v1::SPLIT_STRATEGY_PARTITIONED);
  CHECK(Ok(partitioned).coverage == Coverage::kFull);
  CHECK(Ok(partitioned).batch_rows == BatchRows::kDrawn);
}

TEST_CASE("queries are put into canonical form") {
  v1::PlanSpec message = Request();
  message.set_query("  1girl   -comic ");
  AddSplit(&message, "train", 1, v1::ORDER_KIND_WEIGHTED);
  AddSplit(&message, "extra", 1, v1::ORDER_KIND_MIXED);
  v1::QueryWeight* weight = message.mutable_weights()->mutable_queries()->add_queries();
  weight->set_query(" a  b");
  weight->set_weight(1);
  for (const char* query : {"c ", "  "}) {
    v1::MixPart* part = message.mutable_mix()->add_parts();
    part->set_query(query);
    part->set_share(1);
  }
  const PlanSpec spec = Ok(message);
  CHECK(spec.query == "1girl -comic");
  CHECK(spec.weights->queries[0].query == "a b");
  CHECK(spec.mix->parts[0].query == "c");
  CHECK(spec.mix->parts[1].query.empty());
  message.set_query("a ~(b");
  CHECK(ReasonOf(PlanSpecOf(message, Snapshot()).status()) == Reason::kQueryInvalid);
}

TEST_CASE("a choice that is not made is asked for") {
  v1::PlanSpec ranges = Request();
  ranges.set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
  CHECK(FieldAtFault(ranges) == "spec.splits");
  AddSplit(&ranges, "train", 0);
  CHECK(FieldAtFault(ranges) == "spec.splits[0].ranges");

  v1::PlanSpec strata = Request();
  strata.set_strategy(v1::SPLIT_STRATEGY_STRATIFIED);
  CHECK(FieldAtFault(strata) == "spec.stratify");
  strata.mutable_stratify();
  CHECK(FieldAtFault(strata) == "spec.stratify.by");
  strata.mutable_stratify()->set_rating(false);
  CHECK(FieldAtFault(strata) == "spec.stratify.rating");
  strata.mutable_stratify()->set_tag("");
  CHECK(FieldAtFault(strata) == "spec.stratify.tag");
  strata.mutable_stratify()->set_category(v1::TAG_CATEGORY_UNSPECIFIED);
  CHECK(FieldAtFault(strata) == "spec.stratify.category");

  v1::PlanSpec weighted = Request();
  AddSplit(&weighted, "train", 1, v1::ORDER_KIND_WEIGHTED);
  CHECK(FieldAtFault(weighted) == "spec.weights");
  weighted.mutable_weights();
  CHECK(FieldAtFault(weighted) == "spec.weights.by");
  weighted.mutable_weights()->mutable_queries();
  CHECK(FieldAtFault(weighted) == "spec.weights.queries.queries");
}

TEST_CASE("unknown values of every enum are refused by field") {
  constexpr int kUnknown = 77;
  v1::PlanSpec message = Request();
  message.set_unit(static_cast<v1::SplitUnit>(kUnknown));
  CHECK(FieldAtFault(message) == "spec.unit");
  message = Request();
  message.set_coverage(static_cast<v1::Coverage>(kUnknown));
  CHECK(FieldAtFault(message) == "spec.coverage");
  message = Request();
  message.set_batch_rows(static_cast<v1::BatchRows>(kUnknown));
  CHECK(FieldAtFault(message) == "spec.batch_rows");
  message = Request();
  message.mutable_stratify()->set_category(static_cast<v1::TagCategory>(kUnknown));
  CHECK(FieldAtFault(message) == "spec.stratify.category");
  message = Request();
  message.mutable_weights()->mutable_tag_frequency()->set_category(static_cast<v1::TagCategory>(kUnknown));
  CHECK(FieldAtFault(message) == "spec.weights.tag_frequency.category");
}

TEST_CASE("lists without end are refused before they are read") {
  v1::PlanSpec message = Request();
  for (int i = 0; i < 1025; ++i) {
    if (i == 0) AddSplit(&message, "train", 0);
    message.mutable_splits(0)->add_ranges();
  }
  message.set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
  CHECK(FieldAtFault(message) == "spec.splits[0].ranges");
  message = Request();
  for (int i = 0; i < 257; ++i) message.mutable_weights()->mutable_queries()->add_queries();
  CHECK(FieldAtFault(message) == "spec.weights.queries.queries");
  message = Request();
  for (int i = 0; i < 65; ++i) message.mutable_mix()->add_parts();
  CHECK(FieldAtFault(message) == "spec.mix.parts");
}

}  // namespace
}  // namespace millrace
