// Goal: every batch is the same however it is asked for: one by one, streamed, from the middle, by any number of
// ranks; streams end as promised; and a reader that is slow holds back nobody else. Method: a plan over 1,000 posts
// with batches of 7, so that nothing divides anything, compared step by step.
#include "server/rpc/loader_service.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "core/base/error.h"
#include "server/rpc/batch_stream.h"
#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kPostCount = 1000;

struct Streamed {
  std::vector<v1::Batch> batches;
  grpc::Status status;
};

struct Fixture {
  RpcServer server;
  std::string snapshot = ImportPosts(server, "d", kPostCount);

  // splits: train 60, empty 0, rest 40.
  std::string CreatePlan(int64_t batch_size, v1::LastBatch last_batch = v1::LAST_BATCH_KEEP) {
    v1::CreatePlanRequest request;
    request.mutable_spec()->set_snapshot(snapshot);
    request.mutable_spec()->set_batch_size(batch_size);
    request.mutable_spec()->set_last_batch(last_batch);
    for (const auto& [name, share] : {std::pair("train", 60), std::pair("empty", 0), std::pair("rest", 40)}) {
      v1::SplitSpec* split = request.mutable_spec()->add_splits();
      split->set_name(name);
      split->set_share(share);
    }
    v1::CreatePlanResponse response;
    REQUIRE(Call(server.plan_stub, &v1::PlanService::Stub::CreatePlan, request, &response).ok());
    return response.plan().id();
  }

  v1::GetBatchRequest BatchRequest(const std::string& plan_id) {
    v1::GetBatchRequest request;
    request.set_plan_id(plan_id);
    request.set_split("train");
    return request;
  }
  v1::Batch GetBatch(const v1::GetBatchRequest& request) {
    v1::GetBatchResponse response;
    const grpc::Status status = Call(server.loader_stub, &v1::LoaderService::Stub::GetBatch, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    return response.batch();
  }
  grpc::Status GetBatchFails(const v1::GetBatchRequest& request) {
    v1::GetBatchResponse response;
    return Call(server.loader_stub, &v1::LoaderService::Stub::GetBatch, request, &response);
  }

  v1::StreamBatchesRequest StreamRequest(const std::string& plan_id) {
    v1::StreamBatchesRequest request;
    request.set_plan_id(plan_id);
    request.set_split("train");
    return request;
  }
  Streamed Stream(const v1::StreamBatchesRequest& request) {
    const auto context = MakeContext();
    const auto reader = server.loader_stub->StreamBatches(context.get(), request);
    Streamed streamed;
    v1::StreamBatchesResponse response;
    while (reader->Read(&response)) streamed.batches.push_back(response.batch());
    streamed.status = reader->Finish();
    return streamed;
  }
};

std::vector<int64_t> PostIds(const v1::Batch& batch) { return {batch.post_ids().begin(), batch.post_ids().end()}; }

TEST_CASE("a streamed epoch is what GetBatch gives step by step, whole and once") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  const Streamed streamed = fixture.Stream(fixture.StreamRequest(plan_id));
  REQUIRE(streamed.status.ok());
  REQUIRE(streamed.batches.size() == 86);
  std::set<int64_t> ids;
  for (size_t step = 0; step < streamed.batches.size(); ++step) {
    const v1::Batch& batch = streamed.batches[step];
    v1::GetBatchRequest request = fixture.BatchRequest(plan_id);
    request.set_step(static_cast<int64_t>(step));
    REQUIRE(fixture.GetBatch(request).SerializeAsString() == batch.SerializeAsString());
    CHECK(batch.plan_id() == plan_id);
    CHECK(batch.snapshot() == fixture.snapshot);
    CHECK(batch.split() == "train");
    CHECK(batch.step() == static_cast<int64_t>(step));
    CHECK(batch.batch_count() == 86);
    CHECK(batch.world_size() == 1);
    REQUIRE(batch.posts_size() == batch.post_ids_size());
    for (int i = 0; i < batch.posts_size(); ++i) {
      CHECK(batch.posts(i).id() == batch.post_ids(i));
      CHECK(batch.posts(i).row() == batch.rows(i));
      CHECK(ids.insert(batch.post_ids(i)).second);
    }
  }
  CHECK(ids.size() == 600);
  CHECK(streamed.batches.back().post_ids_size() == 600 % 7);
}

TEST_CASE("the identities view is the same batch without its posts") {
  Fixture fixture;
  v1::GetBatchRequest request = fixture.BatchRequest(fixture.CreatePlan(7));
  v1::Batch whole = fixture.GetBatch(request);
  CHECK(whole.posts_size() == 7);
  CHECK(whole.posts(0).tags_size() > 0);
  request.set_view(v1::BATCH_VIEW_IDENTITIES);
  whole.clear_posts();
  CHECK(fixture.GetBatch(request).SerializeAsString() == whole.SerializeAsString());
}

TEST_CASE("the slices of any world join to the global batch") {
  Fixture fixture;
  for (const v1::LastBatch last_batch : {v1::LAST_BATCH_KEEP, v1::LAST_BATCH_PAD, v1::LAST_BATCH_DROP}) {
    const std::string plan_id = fixture.CreatePlan(7, last_batch);
    const std::vector<v1::Batch> global = fixture.Stream(fixture.StreamRequest(plan_id)).batches;
    REQUIRE(global.size() == (last_batch == v1::LAST_BATCH_DROP ? 85 : 86));
    for (const int32_t world_size : {1, 2, 3, 4}) {
      std::vector<std::vector<int64_t>> joined(global.size());
      std::vector<int64_t> padding_counts(global.size());
      for (int32_t rank = 0; rank < world_size; ++rank) {
        v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
        request.set_rank(rank);
        request.set_world_size(world_size);
        const Streamed streamed = fixture.Stream(request);
        REQUIRE(streamed.status.ok());
        REQUIRE(streamed.batches.size() == global.size());
        for (size_t step = 0; step < global.size(); ++step) {
          const v1::Batch& batch = streamed.batches[step];
          CHECK(batch.rank() == rank);
          CHECK(batch.world_size() == world_size);
          CHECK(batch.global_offset() == static_cast<int64_t>(joined[step].size()));
          CHECK(batch.global_sample_count() == global[step].post_ids_size());
          for (const int64_t id : batch.post_ids()) joined[step].push_back(id);
          padding_counts[step] += batch.padding_count();
        }
      }
      for (size_t step = 0; step < global.size(); ++step) {
        CHECK(joined[step] == PostIds(global[step]));
        CHECK(padding_counts[step] == global[step].padding_count());
      }
    }
  }
}

TEST_CASE("a stream resumes at any position, over the epochs' borders") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
  request.set_end_epoch(3);
  const std::vector<v1::Batch> all = fixture.Stream(request).batches;
  REQUIRE(all.size() == 3 * 86);
  CHECK(PostIds(all[0]) != PostIds(all[86]));
  for (const size_t index : {size_t{1}, size_t{85}, size_t{86}, size_t{100}, size_t{257}}) {
    request.mutable_start()->set_epoch(static_cast<int64_t>(index / 86));
    request.mutable_start()->set_step(static_cast<int64_t>(index % 86));
    const Streamed rest = fixture.Stream(request);
    REQUIRE(rest.status.ok());
    REQUIRE(rest.batches.size() == all.size() - index);
    for (size_t i = 0; i < rest.batches.size(); ++i) {
      REQUIRE(rest.batches[i].SerializeAsString() == all[index + i].SerializeAsString());
    }
  }
  SECTION("the step behind the last one is the next epoch's first") {
    request.mutable_start()->set_epoch(1);
    request.mutable_start()->set_step(86);
    request.set_max_batch_count(2);
    const Streamed streamed = fixture.Stream(request);
    REQUIRE(streamed.batches.size() == 2);
    CHECK(streamed.batches[0].SerializeAsString() == all[2 * 86].SerializeAsString());
  }
  SECTION("a stream that starts at its own end is empty") {
    for (const auto& [epoch, step] : {std::pair(2, 86), std::pair(3, 0)}) {
      request.mutable_start()->set_epoch(epoch);
      request.mutable_start()->set_step(step);
      const Streamed streamed = fixture.Stream(request);
      CHECK(streamed.status.ok());
      CHECK(streamed.batches.empty());
    }
  }
}

TEST_CASE("a batch's token starts a stream behind the batch") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
  request.set_end_epoch(2);
  const std::vector<v1::Batch> all = fixture.Stream(request).batches;
  REQUIRE(all.size() == 2 * 86);
  for (const size_t index : {size_t{0}, size_t{40}, size_t{85}, size_t{86}}) {
    request.set_start_token(all[index].token());
    const Streamed rest = fixture.Stream(request);
    REQUIRE(rest.status.ok());
    REQUIRE(rest.batches.size() == all.size() - index - 1);
    CHECK(rest.batches[0].SerializeAsString() == all[index + 1].SerializeAsString());
  }
  v1::GetBatchRequest batch = fixture.BatchRequest(plan_id);
  batch.set_step(40);
  CHECK(fixture.GetBatch(batch).token() == all[40].token());
}

TEST_CASE("a token that is not of this plan and split, or was changed, is refused") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
  const std::string token = fixture.Stream(request).batches[3].token();
  const auto reason_of = [&](const std::string& start_token) {
    request.set_start_token(start_token);
    const Streamed streamed = fixture.Stream(request);
    CHECK(streamed.batches.empty());
    CHECK(streamed.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    return ReasonOf(streamed.status);
  };
  std::string changed = token;
  changed[70] = changed[70] == '0' ? '1' : '0';
  CHECK(reason_of(changed) == "TOKEN_INVALID");
  CHECK(reason_of("mt1-") == "TOKEN_INVALID");
  CHECK(reason_of("mt9-" + token.substr(4)) == "TOKEN_INVALID");
  request.set_split("rest");
  CHECK(reason_of(token) == "TOKEN_INVALID");
  request.set_split("train");
  request.set_plan_id(fixture.CreatePlan(8));
  CHECK(reason_of(token) == "TOKEN_INVALID");
  request.set_plan_id(plan_id);
  request.mutable_start()->set_step(1);
  request.set_start_token(token);
  CHECK(FieldOf(fixture.Stream(request).status) == "start_token");
}

TEST_CASE("steps that the request skips are left out, and the next batch says how many") {
  Fixture fixture;
  v1::StreamBatchesRequest request = fixture.StreamRequest(fixture.CreatePlan(7));
  request.set_end_epoch(3);
  const std::vector<v1::Batch> all = fixture.Stream(request).batches;
  const auto skip = [&](int64_t epoch, int64_t first_step, int64_t last_step) {
    v1::StepRange* range = request.add_skip();
    range->set_epoch(epoch);
    range->set_first_step(first_step);
    range->set_last_step(last_step);
  };
  skip(0, 0, 1);
  skip(0, 80, 85);  // with the next: over the epochs' border
  skip(1, 0, 2);
  skip(2, 85, 85);  // the very last
  const Streamed streamed = fixture.Stream(request);
  REQUIRE(streamed.status.ok());
  REQUIRE(streamed.batches.size() == all.size() - 2 - 6 - 3 - 1);
  size_t at = 0;
  for (size_t i = 0; i < streamed.batches.size(); ++i) {
    const int64_t expected = i == 0 ? 2 : i == 78 ? 9 : 0;
    at += static_cast<size_t>(expected);
    REQUIRE(streamed.batches[i].skipped_step_count() == expected);
    v1::Batch batch = streamed.batches[i];
    batch.clear_skipped_step_count();
    REQUIRE(batch.SerializeAsString() == all[at++].SerializeAsString());
  }
  SECTION("a limit counts batches that are sent") {
    request.set_max_batch_count(1);
    const Streamed one = fixture.Stream(request);
    REQUIRE(one.batches.size() == 1);
    CHECK(one.batches[0].step() == 2);
  }
  SECTION("a range that the epoch does not have is refused") {
    skip(0, 86, 86);
    CHECK(FieldOf(fixture.Stream(request).status) == "skip[4].first_step");
  }
}

TEST_CASE("a limit ends the stream with OK") {
  Fixture fixture;
  v1::StreamBatchesRequest request = fixture.StreamRequest(fixture.CreatePlan(7));
  request.set_max_batch_count(5);
  const Streamed streamed = fixture.Stream(request);
  CHECK(streamed.status.ok());
  CHECK(streamed.batches.size() == 5);
}

TEST_CASE("an empty split streams nothing and has no step") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
  request.set_split("empty");
  request.set_end_epoch(2147483648);
  CHECK(fixture.Stream(request).status.ok());
  CHECK(fixture.Stream(request).batches.empty());
  request.mutable_start()->set_step(1);
  CHECK(ReasonOf(fixture.Stream(request).status) == "STEP_PAST_END");
  v1::GetBatchRequest batch = fixture.BatchRequest(plan_id);
  batch.set_split("empty");
  CHECK(ReasonOf(fixture.GetBatchFails(batch)) == "STEP_PAST_END");
}

TEST_CASE("bad batch requests are refused by field or reason") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  const auto status_of = [&](auto spoil) {
    v1::GetBatchRequest request = fixture.BatchRequest(plan_id);
    spoil(request);
    return fixture.GetBatchFails(request);
  };
  CHECK(FieldOf(status_of([](auto& request) { request.set_rank(1); })) == "rank");
  CHECK(FieldOf(status_of([](auto& request) { request.set_rank(-1); })) == "rank");
  CHECK(FieldOf(status_of([](auto& request) { request.set_world_size(-1); })) == "world_size");
  CHECK(FieldOf(status_of([](auto& request) { request.set_world_size(65537); })) == "world_size");
  CHECK(FieldOf(status_of([](auto& request) { request.set_epoch(-1); })) == "epoch");
  CHECK(FieldOf(status_of([](auto& request) { request.set_epoch(int64_t{1} << 31); })) == "epoch");
  CHECK(FieldOf(status_of([](auto& request) { request.set_step(-1); })) == "step");
  CHECK(FieldOf(status_of([](auto& request) { request.set_view(static_cast<v1::BatchView>(7)); })) == "view");
  CHECK(FieldOf(status_of([](auto& request) { request.clear_split(); })) == "split");
  CHECK(FieldOf(status_of([](auto& request) { request.set_plan_id("xyz"); })) == "plan_id");
  CHECK(ReasonOf(status_of([](auto& request) { request.set_plan_id(std::string(64, '0')); })) == "PLAN_NOT_FOUND");
  const grpc::Status split = status_of([](auto& request) { request.set_split("validation"); });
  CHECK(ReasonOf(split) == "SPLIT_NOT_FOUND");
  CHECK(split.error_message().find("train") != std::string::npos);
  const grpc::Status step = status_of([](auto& request) { request.set_step(86); });
  CHECK(step.error_code() == grpc::StatusCode::OUT_OF_RANGE);
  CHECK(ReasonOf(step) == "STEP_PAST_END");
  CHECK(step.error_message().find("86") != std::string::npos);
}

TEST_CASE("a batch may take what the server sends to the byte, and is refused with a reason beyond it") {
  constexpr int64_t kBatchSize = 600;
  const v1::BatchView view = GENERATE(v1::BATCH_VIEW_POSTS, v1::BATCH_VIEW_IDENTITIES);
  v1::GetBatchResponse whole;
  {
    Fixture fixture;
    v1::GetBatchRequest request = fixture.BatchRequest(fixture.CreatePlan(kBatchSize));
    request.set_view(view);
    *whole.mutable_batch() = fixture.GetBatch(request);
  }
  RpcServerOptions options;
  options.sent_message_size_bytes_max = static_cast<int>(whole.ByteSizeLong());
  {
    Fixture fixture{RpcServer(options)};
    v1::GetBatchRequest request = fixture.BatchRequest(fixture.CreatePlan(kBatchSize));
    request.set_view(view);
    CHECK(fixture.GetBatch(request).SerializeAsString() == whole.batch().SerializeAsString());
  }
  --options.sent_message_size_bytes_max;
  Fixture fixture{RpcServer(options)};
  const std::string plan_id = fixture.CreatePlan(kBatchSize);
  v1::GetBatchRequest request = fixture.BatchRequest(plan_id);
  request.set_view(view);
  const grpc::Status status = fixture.GetBatchFails(request);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(FieldOf(status) == (view == v1::BATCH_VIEW_POSTS ? "view" : "world_size"));
  CHECK(status.error_message().find("--max-message-bytes") != std::string::npos);
  v1::StreamBatchesRequest stream = fixture.StreamRequest(plan_id);
  stream.set_view(view);
  const Streamed streamed = fixture.Stream(stream);
  CHECK(streamed.batches.empty());
  CHECK(ReasonOf(streamed.status) == "FIELD_INVALID");
  // As the message says.
  request.set_world_size(2);
  CHECK(fixture.GetBatch(request).post_ids_size() == kBatchSize / 2);
}

TEST_CASE("bad stream requests are refused by field or reason") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  const auto status_of = [&](auto spoil) {
    v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
    spoil(request);
    const Streamed streamed = fixture.Stream(request);
    CHECK(streamed.batches.empty());
    return streamed.status;
  };
  CHECK(FieldOf(status_of([](auto& request) { request.set_rank(4); })) == "rank");
  CHECK(FieldOf(status_of([](auto& request) { request.mutable_start()->set_epoch(-1); })) == "start.epoch");
  CHECK(FieldOf(status_of([](auto& request) { request.mutable_start()->set_step(-1); })) == "start.step");
  CHECK(FieldOf(status_of([](auto& request) { request.set_end_epoch(-1); })) == "end_epoch");
  CHECK(FieldOf(status_of([](auto& request) { request.set_max_batch_count(-1); })) == "max_batch_count");
  CHECK(FieldOf(status_of([](auto& request) {
          request.mutable_start()->set_epoch(3);
          request.set_end_epoch(2);
        })) == "start.epoch");
  CHECK(ReasonOf(status_of([](auto& request) { request.mutable_start()->set_step(87); })) == "STEP_PAST_END");
  CHECK(ReasonOf(status_of([](auto& request) { request.set_split("nope"); })) == "SPLIT_NOT_FOUND");
  CHECK(ReasonOf(status_of([](auto& request) { request.set_plan_id(std::string(64, 'a')); })) == "PLAN_NOT_FOUND");
}

TEST_CASE("a deleted plan is gone for new calls and stays for open streams") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
  request.set_end_epoch(1000);
  const auto context = MakeContext();
  const auto reader = fixture.server.loader_stub->StreamBatches(context.get(), request);
  v1::StreamBatchesResponse response;
  REQUIRE(reader->Read(&response));

  v1::DeletePlanRequest remove;
  remove.set_plan_id(plan_id);
  v1::DeletePlanResponse removed;
  REQUIRE(Call(fixture.server.plan_stub, &v1::PlanService::Stub::DeletePlan, remove, &removed).ok());
  CHECK(ReasonOf(fixture.GetBatchFails(fixture.BatchRequest(plan_id))) == "PLAN_NOT_FOUND");
  v1::DeleteSnapshotRequest remove_snapshot;
  remove_snapshot.set_digest(fixture.snapshot);
  v1::DeleteSnapshotResponse snapshot_removed;
  REQUIRE(
      Call(fixture.server.snapshot_stub, &v1::SnapshotService::Stub::DeleteSnapshot, remove_snapshot, &snapshot_removed)
          .ok());
  for (int i = 0; i < 1000; ++i) REQUIRE(reader->Read(&response));
  CHECK(response.batch().posts_size() > 0);
  context->TryCancel();
  CHECK(reader->Finish().error_code() == grpc::StatusCode::CANCELLED);
}

TEST_CASE("a plan whose snapshot's file is missing says so") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  REQUIRE(fixture.server.snapshots().Delete(fixture.snapshot).ok());
  const grpc::Status status = fixture.GetBatchFails(fixture.BatchRequest(plan_id));
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonOf(status) == "SNAPSHOT_MISSING");
}

TEST_CASE("damage in the snapshot's file ends a stream with DATA_LOSS, and no batch is wrong") {
  Fixture fixture;
  const std::string plan_id = fixture.CreatePlan(7);
  const std::vector<v1::Batch> intact = fixture.Stream(fixture.StreamRequest(plan_id)).batches;

  // Another server with the same posts, whose file is damaged in many places before anybody opens it.
  Fixture damaged;
  REQUIRE(damaged.CreatePlan(7) == plan_id);
  const std::string path = damaged.server.snapshots().folder() + "/" + damaged.snapshot + ".snapshot";
  std::filesystem::permissions(path, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
  const auto size_bytes = static_cast<std::streamoff>(std::filesystem::file_size(path));
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  for (std::streamoff offset = size_bytes / 8; offset < size_bytes; offset += size_bytes / 8) {
    file.seekg(offset);
    const char byte = static_cast<char>(file.get() ^ 1);
    file.seekp(offset);
    file.put(byte);
  }
  file.close();
  REQUIRE(file);
  const Streamed streamed = damaged.Stream(damaged.StreamRequest(plan_id));
  CHECK(streamed.status.error_code() == grpc::StatusCode::DATA_LOSS);
  CHECK(ReasonOf(streamed.status) == "SNAPSHOT_DAMAGED");
  REQUIRE(streamed.batches.size() < intact.size());
  for (size_t i = 0; i < streamed.batches.size(); ++i) {
    CHECK(streamed.batches[i].SerializeAsString() == intact[i].SerializeAsString());
  }
}

TEST_CASE("a reader that does not read stalls no other stream and holds no thread") {
  RpcServerOptions options;
  options.call_thread_count = 1;
  Fixture fixture{RpcServer(options)};
  const std::string plan_id = fixture.CreatePlan(100);
  v1::StreamBatchesRequest endless = fixture.StreamRequest(plan_id);
  endless.set_end_epoch(1'000'000);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<v1::LoaderService::Stub>> stubs;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::StreamBatchesResponse>>> frozen;
  for (int i = 0; i < 8; ++i) {
    stubs.push_back(v1::LoaderService::NewStub(fixture.server.MakeChannel()));
    contexts.push_back(MakeContext());
    frozen.push_back(stubs.back()->StreamBatches(contexts.back().get(), endless));
    v1::StreamBatchesResponse response;
    REQUIRE(frozen.back()->Read(&response));
  }
  v1::StreamBatchesRequest request = fixture.StreamRequest(plan_id);
  request.set_end_epoch(20);
  const Streamed streamed = fixture.Stream(request);
  CHECK(streamed.status.ok());
  CHECK(streamed.batches.size() == 20 * 6);
  for (const auto& context : contexts) context->TryCancel();
  for (const auto& reader : frozen) CHECK(reader->Finish().error_code() == grpc::StatusCode::CANCELLED);
  // Cancelled streams end on the server too: all but the plan's creation and the import are the nine streams.
  CHECK(fixture.server.call_log().WaitFor(11).size() == 11);
}

TEST_CASE("draining ends streams between batches with UNAVAILABLE, and they continue where they stopped") {
  Fixture fixture;
  v1::StreamBatchesRequest request = fixture.StreamRequest(fixture.CreatePlan(7));
  request.set_end_epoch(1'000'000);
  const auto context = MakeContext();
  const auto reader = fixture.server.loader_stub->StreamBatches(context.get(), request);
  v1::StreamBatchesResponse response;
  Position expected;
  int64_t read_count = 0;
  while (reader->Read(&response)) {
    REQUIRE(response.batch().epoch() == expected.epoch);
    REQUIRE(response.batch().step() == expected.step);
    if (++expected.step == 86) expected = {expected.epoch + 1, 0};
    if (++read_count == 100) fixture.server.drain().Begin();
  }
  const grpc::Status status = reader->Finish();
  CHECK(read_count >= 100);
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonOf(status) == "SHUTTING_DOWN");
  // New streams end at once.
  CHECK(ReasonOf(fixture.Stream(request).status) == "SHUTTING_DOWN");
}

TEST_CASE("streams cancelled at any moment end on the server") {
  Fixture fixture;
  v1::StreamBatchesRequest request = fixture.StreamRequest(fixture.CreatePlan(7));
  request.set_end_epoch(1'000'000);
  const size_t call_count = fixture.server.call_log().WaitFor(2).size();
  constexpr int kStreamCount = 50;
  for (int i = 0; i < kStreamCount; ++i) {
    const auto context = MakeContext();
    const auto reader = fixture.server.loader_stub->StreamBatches(context.get(), request);
    v1::StreamBatchesResponse response;
    for (int j = 0; j < i % 5; ++j) REQUIRE(reader->Read(&response));
    context->TryCancel();
    CHECK(reader->Finish().error_code() == grpc::StatusCode::CANCELLED);
  }
  // A call that was cancelled before it reached the server leaves no record; most do.
  const size_t logged_count = fixture.server.call_log().WaitFor(call_count + kStreamCount * 4 / 5).size();
  CHECK(logged_count >= call_count + kStreamCount * 4 / 5);
}

TEST_CASE("stream ranges follow from the request and the split's batch count") {
  v1::StreamBatchesRequest request;
  CHECK(ResolveStreamRange(request, 10)->next == Position{0, 0});
  CHECK(ResolveStreamRange(request, 10)->end_epoch == 1);
  CHECK(ResolveStreamRange(request, 10)->batch_count == -1);
  request.mutable_start()->set_epoch(kEpochMax);
  request.mutable_start()->set_step(10);
  CHECK(ResolveStreamRange(request, 10)->next == Position{kEpochMax + 1, 0});
  CHECK(ResolveStreamRange(request, 10)->end_epoch == kEpochMax + 1);
  CHECK(ReasonOf(ResolveStreamRange(request, 9).status()) == Reason::kStepPastEnd);
  request.mutable_start()->set_epoch(kEpochMax + 1);
  CHECK(FieldOf(ResolveStreamRange(request, 10).status()) == "start.epoch");
}

}  // namespace
}  // namespace millrace
