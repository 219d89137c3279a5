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
