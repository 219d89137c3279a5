// Goal: a call may be cancelled at any moment, also in the one in which its task on a pool is over; it ends once, and
// nobody touches it afterwards.
// Method: many short calls, cancelled after a varying number of messages, while two threads of each pool work. The
// server's end waits for all of them. That nothing touches what is gone is for AddressSanitizer and ThreadSanitizer to
// see; the moments are short, so a run that sees nothing proves little.
#include <chrono>
#include <thread>

#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// 0 to 2 ms: as long as a short task takes, under a sanitizer too.
void Pause(int round) { std::this_thread::sleep_for(std::chrono::microseconds(round * 37 % 2000)); }

TEST_CASE("streams that are cancelled at any moment end once") {
  RpcServer server;
  v1::CreatePlanRequest create;
  create.mutable_spec()->set_snapshot(ImportPosts(server, "d", 50));
  create.mutable_spec()->set_batch_size(5);
  v1::CreatePlanResponse created;
  REQUIRE(Call(server.plan_stub, &v1::PlanService::Stub::CreatePlan, create, &created).ok());
  const size_t others_count = server.call_log().WaitFor(2).size();

  v1::StreamBatchesRequest request;
  request.set_plan_id(created.plan().id());
  request.set_split(created.plan().spec().splits(0).name());
  constexpr int kRoundCount = 400;
  for (int round = 0; round < kRoundCount; ++round) {
    CAPTURE(round);
    request.set_max_batch_count(round % 4 + 1);
    const auto context = MakeContext();
    const auto reader = server.loader_stub->StreamBatches(context.get(), request);
    v1::StreamBatchesResponse response;
    for (int i = 0; i < round % 5; ++i) reader->Read(&response);
    Pause(round);
    context->TryCancel();
    const grpc::Status status = reader->Finish();
    // Cancelled, unless it was over before.
    REQUIRE((status.ok() || status.error_code() == grpc::StatusCode::CANCELLED));
  }
  // A call that is cancelled early enough never becomes one on the server.
  CHECK(server.call_log().records().size() <= others_count + kRoundCount);
}

TEST_CASE("imports that are cancelled at any moment end once") {
  RpcServer server;
  constexpr int kRoundCount = 100;
  for (int round = 0; round < kRoundCount; ++round) {
    CAPTURE(round);
    ImportClient client(*server.import_stub);
    v1::ImportStart start = JsonlStart("d" + std::to_string(round), "r" + std::to_string(round));
    start.set_skip_snapshot(true);
    client.Start(start);
    if (round % 4 > 0) client.File("posts.json");
    if (round % 4 > 1) client.Chunk(Dump(3));
    if (round % 4 > 2) client.End();
    Pause(round);
    client.Cancel();
    // Not ImportClient::Finish: here the result may come and the call be cancelled all the same.
    v1::ImportResponse response;
    while (client.stream().Read(&response)) continue;
    const grpc::Status status = client.stream().Finish();
    REQUIRE((status.ok() || status.error_code() == grpc::StatusCode::CANCELLED));
  }
  CHECK(server.call_log().records().size() <= kRoundCount);
}

}  // namespace
}  // namespace millrace
