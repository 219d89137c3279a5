// Goal: explanations over the wire are of the batches over the wire. Method: a real server with 300 posts; every batch
// of an epoch is asked for, and the explanations of its step and of each of its posts are compared with it.
#include "server/rpc/explain_plan.h"

#include <map>
#include <vector>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::PlanService::Stub;

constexpr int64_t kPostCount = 300;
constexpr int64_t kEpoch = 2;

struct Fixture {
  RpcServer server;
  std::string snapshot = ImportPosts(server, "d", kPostCount);
  v1::Plan plan = CreatePlan();

  v1::Plan CreatePlan() {
    v1::CreatePlanRequest request;
    request.mutable_spec()->set_snapshot(snapshot);
    request.mutable_spec()->set_batch_size(32);
    request.mutable_spec()->set_seed(7);
    request.mutable_spec()->set_last_batch(v1::LAST_BATCH_PAD);
    v1::CreatePlanResponse response;
    REQUIRE(Call(server.plan_stub, &Stub::CreatePlan, request, &response).ok());
    return response.plan();
  }
  v1::ExplainPostRequest PostRequest(int64_t post_id) const {
    v1::ExplainPostRequest request;
    request.set_plan_id(plan.id());
    request.set_post_id(post_id);
    request.set_epoch(kEpoch);
    return request;
  }
  v1::ExplainStepRequest StepRequest(const std::string& split, int64_t step) const {
    v1::ExplainStepRequest request;
    request.set_plan_id(plan.id());
    request.set_split(split);
    request.set_epoch(kEpoch);
    request.set_step(step);
    return request;
  }
  grpc::Status Explain(const v1::ExplainPostRequest& request, v1::ExplainPostResponse* response) {
    return Call(server.plan_stub, &Stub::ExplainPost, request, response);
  }
  grpc::Status Explain(const v1::ExplainStepRequest& request, v1::ExplainStepResponse* response) {
    return Call(server.plan_stub, &Stub::ExplainStep, request, response);
  }
  v1::Batch GetBatch(const std::string& split, int64_t step) {
    v1::GetBatchRequest request;
    request.set_plan_id(plan.id());
    request.set_split(split);
    request.set_epoch(kEpoch);
    request.set_step(step);
    request.set_view(v1::BATCH_VIEW_IDENTITIES);
    v1::GetBatchResponse response;
    REQUIRE(Call(server.loader_stub, &v1::LoaderService::Stub::GetBatch, request, &response).ok());
    return response.batch();
  }
  std::string ReasonOfPost(const v1::ExplainPostRequest& request) {
    v1::ExplainPostResponse response;
    return ReasonOf(Explain(request, &response));
  }
  std::string ReasonOfStep(const v1::ExplainStepRequest& request) {
    v1::ExplainStepResponse response;
    return ReasonOf(Explain(request, &response));
  }
};

TEST_CASE("every step and every post is explained as it is served") {
  Fixture fixture;
  std::map<int64_t, std::vector<std::pair<int64_t, int>>> places;  // step and place, by post id
  std::map<int64_t, std::string> splits;
  for (const v1::SplitInfo& split : fixture.plan.splits()) {
    for (int64_t step = 0; step < split.batch_count(); ++step) {
      const v1::Batch batch = fixture.GetBatch(split.name(), step);
      v1::ExplainStepResponse explained;
      REQUIRE(fixture.Explain(fixture.StepRequest(split.name(), step), &explained).ok());
      CHECK(explained.plan_id() == fixture.plan.id());
      CHECK(explained.snapshot() == fixture.snapshot);
      CHECK(explained.reasons_size() >= 4);
      CHECK(explained.sample_count() == batch.global_sample_count());
      REQUIRE(explained.samples_size() == batch.post_ids_size());
      for (int i = 0; i < batch.post_ids_size(); ++i) {
        REQUIRE(explained.samples(i).post_id() == batch.post_ids(i));
        REQUIRE(explained.samples(i).row() == batch.rows(i));
        REQUIRE(explained.samples(i).is_padding() == (i >= batch.post_ids_size() - batch.padding_count()));
        places[batch.post_ids(i)].push_back({step, i});
        splits[batch.post_ids(i)] = split.name();
      }
    }
  }
  REQUIRE(places.size() == kPostCount);
  for (const auto& [post_id, expected] : places) {
    v1::ExplainPostResponse explained;
    REQUIRE(fixture.Explain(fixture.PostRequest(post_id), &explained).ok());
    CHECK(explained.plan_id() == fixture.plan.id());
    CHECK(explained.snapshot() == fixture.snapshot);
    CHECK(explained.epoch() == kEpoch);
    CHECK(explained.is_selected());
    CHECK(explained.split() == splits[post_id]);
    CHECK(explained.reasons_size() >= 4);
    REQUIRE(explained.appearances_size() == static_cast<int>(expected.size()));
    for (int i = 0; i < explained.appearances_size(); ++i) {
      CHECK(explained.appearances(i).step() == expected[static_cast<size_t>(i)].first);
      CHECK(explained.appearances(i).global_index() == expected[static_cast<size_t>(i)].second);
      CHECK(explained.appearances(i).is_padding() == (i > 0));
    }
  }
}

TEST_CASE("a stream may start at the token of a step that was explained") {
  Fixture fixture;
  v1::ExplainStepResponse explained;
  REQUIRE(fixture.Explain(fixture.StepRequest("train", 3), &explained).ok());
  v1::StreamBatchesRequest request;
  request.set_plan_id(fixture.plan.id());
  request.set_split("train");
  request.set_start_token(explained.token());
  request.set_max_batch_count(1);
  const auto context = MakeContext();
  const auto stream = fixture.server.loader_stub->StreamBatches(context.get(), request);
  v1::StreamBatchesResponse response;
  REQUIRE(stream->Read(&response));
  CHECK(response.batch().epoch() == kEpoch);
  CHECK(response.batch().step() == 3);
  CHECK(response.batch().post_ids(0) == explained.samples(0).post_id());
  CHECK_FALSE(stream->Read(&response));
  CHECK(stream->Finish().ok());
}

TEST_CASE("what cannot be explained is refused with its reason") {
  Fixture fixture;
  CHECK(fixture.ReasonOfPost(fixture.PostRequest(int64_t{1} << 40)) == "POST_NOT_FOUND");
  const int64_t post_id = fixture.GetBatch("train", 0).post_ids(0);
  v1::ExplainPostRequest post = fixture.PostRequest(post_id);
  post.set_epoch(-1);
  CHECK(fixture.ReasonOfPost(post) == "FIELD_INVALID");
  post = fixture.PostRequest(post_id);
  post.set_plan_id(std::string(64, '0'));
  CHECK(fixture.ReasonOfPost(post) == "PLAN_NOT_FOUND");
  post.set_plan_id("");
  CHECK(fixture.ReasonOfPost(post) == "FIELD_INVALID");

  CHECK(fixture.ReasonOfStep(fixture.StepRequest("tarin", 0)) == "SPLIT_NOT_FOUND");
  CHECK(fixture.ReasonOfStep(fixture.StepRequest("", 0)) == "FIELD_INVALID");
  CHECK(fixture.ReasonOfStep(fixture.StepRequest("train", -1)) == "FIELD_INVALID");
  CHECK(fixture.ReasonOfStep(fixture.StepRequest("train", 8)) == "STEP_PAST_END");
  v1::ExplainStepRequest step = fixture.StepRequest("train", 0);
  step.set_plan_id(fixture.plan.id().substr(0, 8));
  v1::ExplainStepResponse explained;
  CHECK(fixture.Explain(step, &explained).ok());
  CHECK(explained.plan_id() == fixture.plan.id());
}

}  // namespace
}  // namespace millrace
