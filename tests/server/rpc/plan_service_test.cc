// Goal: a plan is named by its content, on every server, and bad specifications are refused by field. Method: plans
// created over a real server with 1,000 posts, and over a second one with the same posts.
#include "server/rpc/plan_service.h"

#include <filesystem>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::PlanService::Stub;

constexpr int64_t kPostCount = 1000;

struct Fixture {
  RpcServer server;
  std::string snapshot = ImportPosts(server, "d", kPostCount);

  v1::CreatePlanRequest Request() const {
    v1::CreatePlanRequest request;
    request.mutable_spec()->set_snapshot(snapshot);
    request.mutable_spec()->set_batch_size(64);
    request.mutable_spec()->set_seed(7);
    return request;
  }
  template <typename Request, typename Response>
  Response Ok(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request) {
    Response response;
    const grpc::Status status = Call(server.plan_stub, method, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    return response;
  }
  template <typename Request, typename Response>
  grpc::Status Fails(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Request& request) {
    Response response;
    return Call(server.plan_stub, method, request, &response);
  }
};

TEST_CASE("defaults are filled in and splits counted") {
  Fixture fixture;
  const auto response = fixture.Ok(&Stub::CreatePlan, fixture.Request());
  CHECK(response.created());
  const v1::Plan& plan = response.plan();
  CHECK(plan.id().size() == 64);
  CHECK(plan.sample_count() == kPostCount);
  CHECK(plan.spec().snapshot() == fixture.snapshot);
  CHECK(plan.spec().seed() == 7);
  CHECK(plan.spec().strategy() == v1::SPLIT_STRATEGY_EXACT);
  CHECK(plan.spec().last_batch() == v1::LAST_BATCH_KEEP);
  CHECK(plan.created_at().seconds() > 0);
  REQUIRE(plan.splits_size() == 3);
  CHECK(plan.splits(0).name() == "train");
  CHECK(plan.splits(0).sample_count() == 800);
  CHECK(plan.splits(0).batch_count() == 13);
  CHECK(plan.splits(2).name() == "test");
  CHECK(plan.splits(2).batch_count() == 2);
  CHECK(plan.spec().splits(0).order() == v1::ORDER_KIND_EPOCH);
  CHECK(plan.spec().splits(1).order() == v1::ORDER_KIND_FIXED);
}

TEST_CASE("the same specification is the same plan, spelled out or not, on every server") {
  Fixture fixture;
  const auto first = fixture.Ok(&Stub::CreatePlan, fixture.Request());
  auto again = fixture.Ok(&Stub::CreatePlan, fixture.Request());
  CHECK_FALSE(again.created());
  CHECK(again.plan().SerializeAsString() == first.plan().SerializeAsString());

  // What the server filled in, sent back; the dataset instead of its snapshot; a prefix.
  v1::CreatePlanRequest spelled;
  *spelled.mutable_spec() = first.plan().spec();
  CHECK(fixture.Ok(&Stub::CreatePlan, spelled).plan().id() == first.plan().id());
  spelled.mutable_spec()->set_dataset("d");
  CHECK(fixture.Ok(&Stub::CreatePlan, spelled).plan().id() == first.plan().id());
  spelled.mutable_spec()->set_snapshot(fixture.snapshot.substr(0, 9));
  CHECK(fixture.Ok(&Stub::CreatePlan, spelled).plan().id() == first.plan().id());

  Fixture other;
  CHECK(other.Ok(&Stub::CreatePlan, other.Request()).plan().id() == first.plan().id());

  spelled.mutable_spec()->set_seed(8);
  CHECK(fixture.Ok(&Stub::CreatePlan, spelled).plan().id() != first.plan().id());
}

TEST_CASE("plans are got by id or prefix, listed newest first, and deleted") {
  Fixture fixture;
  std::vector<std::string> ids;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    v1::CreatePlanRequest request = fixture.Request();
    request.mutable_spec()->set_seed(seed);
    ids.push_back(fixture.Ok(&Stub::CreatePlan, request).plan().id());
  }
  v1::GetPlanRequest get;
  get.set_plan_id(ids[3].substr(0, 16));
  CHECK(fixture.Ok(&Stub::GetPlan, get).plan().id() == ids[3]);

  v1::ListPlansRequest list;
  list.set_page_size(2);
  list.set_snapshot(fixture.snapshot.substr(0, 8));
  std::vector<std::string> listed;
  do {
    const auto page = fixture.Ok(&Stub::ListPlans, list);
    for (const v1::Plan& plan : page.plans()) {
      listed.push_back(plan.id());
      CHECK(plan.splits(0).batch_count() == 13);
    }
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  CHECK(listed == std::vector<std::string>(ids.rbegin(), ids.rend()));

  v1::DeletePlanRequest remove;
  remove.set_plan_id(ids[3].substr(0, 16));
  fixture.Ok(&Stub::DeletePlan, remove);
  CHECK(ReasonOf(fixture.Fails(&Stub::GetPlan, get)) == "PLAN_NOT_FOUND");
  CHECK(ReasonOf(fixture.Fails(&Stub::DeletePlan, remove)) == "PLAN_NOT_FOUND");
  remove.set_plan_id(ids[3]);
  CHECK(ReasonOf(fixture.Fails(&Stub::DeletePlan, remove)) == "PLAN_NOT_FOUND");
  remove.set_allow_missing(true);
  fixture.Ok(&Stub::DeletePlan, remove);
  CHECK(fixture.Ok(&Stub::ListPlans, v1::ListPlansRequest()).plans_size() == 4);
}

TEST_CASE("a plan whose snapshot's file is missing can still be shown") {
  Fixture fixture;
  const std::string id = fixture.Ok(&Stub::CreatePlan, fixture.Request()).plan().id();
  REQUIRE(std::filesystem::remove(fixture.server.snapshots().folder() + "/" + fixture.snapshot + ".snapshot"));
  v1::GetPlanRequest get;
  get.set_plan_id(id);
  CHECK(fixture.Ok(&Stub::GetPlan, get).plan().splits(0).sample_count() == 800);
}

v1::SplitSpec* AddSplit(v1::PlanSpec* spec, const std::string& name, int64_t share) {
  v1::SplitSpec* split = spec->add_splits();
  split->set_name(name);
  split->set_share(share);
  return split;
}

TEST_CASE("a plan over a query tells how many posts each split got") {
  Fixture fixture;
  v1::CreatePlanRequest request = fixture.Request();
  request.mutable_spec()->set_query(" even   -three ");
  request.mutable_spec()->set_strategy(v1::SPLIT_STRATEGY_HASH);
  const auto response = fixture.Ok(&Stub::CreatePlan, request);
  const v1::Plan& plan = response.plan();
  CHECK(response.created());
  CHECK(plan.spec().query() == "even -three");
  CHECK(plan.spec().unit() == v1::SPLIT_UNIT_POST);
  // Of 1 to 1,000: 500 even, less the 166 multiples of 6.
  CHECK(plan.selected_count() == 334);
  CHECK(plan.unassigned_count() == 0);
  int64_t member_count = 0;
  for (const v1::SplitInfo& split : plan.splits()) {
    CHECK(split.sample_count() == split.member_count());
    member_count += split.member_count();
  }
  CHECK(member_count == 334);
  CHECK(plan.sample_count() == 334);

  // Other spaces, another order of the splits' fields: the same plan, which is not opened again.
  REQUIRE(std::filesystem::remove(fixture.server.snapshots().folder() + "/" + fixture.snapshot + ".snapshot"));
  request.mutable_spec()->set_query("even -three");
  const auto again = fixture.Ok(&Stub::CreatePlan, request);
  CHECK_FALSE(again.created());
  CHECK(again.plan().SerializeAsString() == plan.SerializeAsString());
  v1::GetPlanRequest get;
  get.set_plan_id(plan.id());
  CHECK(fixture.Ok(&Stub::GetPlan, get).plan().SerializeAsString() == plan.SerializeAsString());
  const auto listed = fixture.Ok(&Stub::ListPlans, v1::ListPlansRequest());
  REQUIRE(listed.plans_size() == 1);
  CHECK(listed.plans(0).SerializeAsString() == plan.SerializeAsString());
}

TEST_CASE("posts in no range are in no split, and a note says so") {
  Fixture fixture;
  v1::CreatePlanRequest request = fixture.Request();
  v1::PlanSpec& spec = *request.mutable_spec();
  spec.set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
  spec.set_modulus(100);
  AddSplit(&spec, "train", 0)->add_ranges()->set_last(79);
  v1::IdRange* range = AddSplit(&spec, "validation", 0)->add_ranges();
  range->set_first(80);
  range->set_last(89);
  const v1::Plan plan = fixture.Ok(&Stub::CreatePlan, request).plan();
  CHECK(plan.splits(0).member_count() == 800);
  CHECK(plan.splits(1).member_count() == 100);
  CHECK(plan.selected_count() == kPostCount);
  CHECK(plan.unassigned_count() == 100);
  REQUIRE(plan.notes_size() == 1);
  CHECK_THAT(plan.notes(0), Catch::Contains("100"));
}

TEST_CASE("weights and mixes draw, and a split has samples besides its posts") {
  Fixture fixture;
  v1::CreatePlanRequest request = fixture.Request();
  v1::PlanSpec& spec = *request.mutable_spec();
  AddSplit(&spec, "train", 1)->set_order(v1::ORDER_KIND_WEIGHTED);
  v1::QueryWeight* weight = spec.mutable_weights()->mutable_queries()->add_queries();
  weight->set_query("three");
  weight->set_weight(3);
  spec.mutable_weights()->set_replacement(true);
  spec.mutable_weights()->set_epoch_samples(5000);
  const v1::Plan plan = fixture.Ok(&Stub::CreatePlan, request).plan();
  CHECK(plan.splits(0).member_count() == 1000);
  CHECK(plan.splits(0).sample_count() == 5000);
  CHECK(plan.splits(0).batch_count() == 79);
  CHECK(plan.notes_size() == 1);  // posts of weight 0 are never drawn
  v1::CreatePlanRequest spelled;
  *spelled.mutable_spec() = plan.spec();
  CHECK_FALSE(fixture.Ok(&Stub::CreatePlan, spelled).created());
}

TEST_CASE("queries that do not fit the snapshot are refused, with nothing created") {
  Fixture fixture;
  v1::CreatePlanRequest request = fixture.Request();
  request.mutable_spec()->set_query("(even");
  CHECK(ReasonOf(fixture.Fails(&Stub::CreatePlan, request)) == "QUERY_INVALID");
  request.mutable_spec()->set_query("evn");
  const grpc::Status unknown_tag = fixture.Fails(&Stub::CreatePlan, request);
  CHECK(unknown_tag.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(ReasonOf(unknown_tag) == "QUERY_INVALID");
  CHECK_THAT(unknown_tag.error_message(), Catch::Contains("evn"));
  request.mutable_spec()->set_query("even id:1");
  const grpc::Status nothing = fixture.Fails(&Stub::CreatePlan, request);
  CHECK(nothing.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonOf(nothing) == "SELECTION_EMPTY");
  CHECK(fixture.Ok(&Stub::ListPlans, v1::ListPlansRequest()).plans_size() == 0);
}

TEST_CASE("a plan that was recorded without its outcome is shown all the same") {
  Fixture fixture;
  const v1::Plan plan = fixture.Ok(&Stub::CreatePlan, fixture.Request()).plan();
  PlanRecord record = *fixture.server.catalog().GetPlan(plan.id());
  CHECK_FALSE(record.outcome.empty());
  record.outcome.clear();
  REQUIRE(fixture.server.catalog().DeletePlan(plan.id()).ok());
  REQUIRE(*fixture.server.catalog().AddPlan(record));
  v1::GetPlanRequest get;
  get.set_plan_id(plan.id());
  CHECK(fixture.Ok(&Stub::GetPlan, get).plan().SerializeAsString() == plan.SerializeAsString());
  CHECK(fixture.Ok(&Stub::CreatePlan, fixture.Request()).plan().SerializeAsString() == plan.SerializeAsString());
  CHECK(fixture.Ok(&Stub::ListPlans, v1::ListPlansRequest()).plans(0).splits(0).member_count() == 800);
}

TEST_CASE("a page of plans that are megabytes each ends early, and none is left out", "[bulk]") {
  Fixture fixture;
  std::vector<std::string> ids;
  for (uint64_t seed = 0; seed < 5; ++seed) {
    v1::CreatePlanRequest request = fixture.Request();
    v1::PlanSpec& spec = *request.mutable_spec();
    spec.set_seed(seed);
    spec.set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
    spec.set_modulus(2147483647);
    for (int64_t i = 0; i < 64; ++i) {
      v1::SplitSpec* split = AddSplit(&spec, "s" + std::to_string(i), 0);
      for (int64_t j = 0; j < 1024; ++j) {
        v1::IdRange* range = split->add_ranges();
        range->set_first(i == 0 && j == 0 ? 0 : 2'000'000'000 + 2 * (1024 * i + j));
        range->set_last(2'000'000'000 + 2 * (1024 * i + j));
      }
    }
    ids.push_back(fixture.Ok(&Stub::CreatePlan, request).plan().id());
  }
  std::vector<std::string> listed;
  int page_count = 0;
  v1::ListPlansRequest list;
  do {
    const auto page = fixture.Ok(&Stub::ListPlans, list);
    ++page_count;
    for (const v1::Plan& plan : page.plans()) listed.push_back(plan.id());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  CHECK(page_count > 1);
  CHECK(listed == std::vector<std::string>(ids.rbegin(), ids.rend()));
}

TEST_CASE("specifications out of range are refused by field") {
  Fixture fixture;
  const auto field_of = [&](auto spoil) {
    v1::CreatePlanRequest request = fixture.Request();
    spoil(*request.mutable_spec());
    return FieldOf(fixture.Fails(&Stub::CreatePlan, request));
  };
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_batch_size(0); }) == "spec.batch_size");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_batch_size(-1); }) == "spec.batch_size");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_batch_size(int64_t{1} << 31); }) == "spec.batch_size");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.clear_source(); }) == "spec.source");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_snapshot(""); }) == "spec.snapshot");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_dataset("A"); }) == "spec.dataset");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_strategy(static_cast<v1::SplitStrategy>(9)); }) == "spec.strategy");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_last_batch(static_cast<v1::LastBatch>(4)); }) == "spec.last_batch");
  CHECK(field_of([](v1::PlanSpec& spec) { spec.set_tags(static_cast<v1::TagReading>(3)); }) == "spec.tags");
  CHECK(field_of([](v1::PlanSpec& spec) {
          spec.add_splits()->set_name("a");
          spec.mutable_splits(0)->set_order(static_cast<v1::OrderKind>(77));
        }) == "spec.splits[0].order");
  // Shares that sum to 0.
  CHECK(field_of([](v1::PlanSpec& spec) {
          spec.add_splits()->set_name("a");
          spec.add_splits()->set_name("b");
        }).rfind("spec.splits", 0) == 0);
  CHECK(field_of([](v1::PlanSpec& spec) {
          spec.add_splits()->set_name("a");
          spec.mutable_splits(0)->set_share(-1);
        }) == "spec.splits[0].share");
  CHECK(field_of([](v1::PlanSpec& spec) {
          for (int i = 0; i < 65; ++i) {
            spec.add_splits()->set_name("s" + std::to_string(i));
            spec.mutable_splits(i)->set_share(1);
          }
        }) == "spec.splits");
  CHECK(field_of([](v1::PlanSpec& spec) { AddSplit(&spec, "a", int64_t{1} << 31); }) == "spec.splits[0].share");
  CHECK(field_of([](v1::PlanSpec& spec) {
          spec.set_strategy(v1::SPLIT_STRATEGY_ID_RANGE);
          AddSplit(&spec, "a", 0)->add_ranges()->set_last(500);
          AddSplit(&spec, "b", 0)->add_ranges()->set_last(100);
        }) == "spec.splits[0].ranges[0]");
  CHECK(field_of([](v1::PlanSpec& spec) {
          AddSplit(&spec, "a", 1)->set_order(v1::ORDER_KIND_WEIGHTED);
          v1::QueryWeight* weight = spec.mutable_weights()->mutable_queries()->add_queries();
          weight->set_query("even");
          weight->set_weight(-1);
        }) == "spec.weights.queries.queries[0].weight");
  CHECK(field_of([](v1::PlanSpec& spec) {
          AddSplit(&spec, "a", 1)->set_order(v1::ORDER_KIND_WEIGHTED);
          spec.mutable_weights()->mutable_queries()->add_queries()->set_query("even");
        }) == "spec.weights.queries");
  CHECK(FieldOf(fixture.Fails(&Stub::CreatePlan, v1::CreatePlanRequest())) == "spec");
  v1::GetPlanRequest get;
  CHECK(FieldOf(fixture.Fails(&Stub::GetPlan, get)) == "plan_id");
  v1::ListPlansRequest list;
  list.set_page_size(-3);
  CHECK(FieldOf(fixture.Fails(&Stub::ListPlans, list)) == "page_size");
}

TEST_CASE("what a plan is over must be there and hold posts") {
  Fixture fixture;
  v1::CreatePlanRequest request = fixture.Request();
  request.mutable_spec()->set_snapshot(std::string(64, '0'));
  CHECK(ReasonOf(fixture.Fails(&Stub::CreatePlan, request)) == "SNAPSHOT_NOT_FOUND");
  request.mutable_spec()->set_dataset("unknown");
  CHECK(ReasonOf(fixture.Fails(&Stub::CreatePlan, request)) == "DATASET_NOT_FOUND");

  v1::ImportStart start = JsonlStart("bare", "bare");
  start.set_skip_snapshot(true);
  REQUIRE(ImportJsonl(fixture.server, start, Dump(2)).status.ok());
  request.mutable_spec()->set_dataset("bare");
  CHECK(ReasonOf(fixture.Fails(&Stub::CreatePlan, request)) == "SNAPSHOT_REQUIRED");

  const ImportReply empty = ImportJsonl(fixture.server, JsonlStart("empty", "empty"), "");
  INFO(empty.status.error_message());
  REQUIRE(empty.status.ok());
  request.mutable_spec()->set_dataset("empty");
  const grpc::Status status = fixture.Fails(&Stub::CreatePlan, request);
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonOf(status) == "SNAPSHOT_EMPTY");
}

}  // namespace
}  // namespace millrace
