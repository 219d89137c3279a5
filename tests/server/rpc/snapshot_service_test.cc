// Goal: snapshots are content-addressed, listed, verified against their bytes, and not deleted while plans need them.
// Method: a real server; damage is done to the file on disk.
#include "server/rpc/snapshot_service.h"

#include <filesystem>
#include <fstream>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::SnapshotService::Stub;

template <typename Request, typename Response>
Response Ok(RpcServer& server, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
            const Request& request) {
  Response response;
  const grpc::Status status = Call(server.snapshot_stub, method, request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return response;
}

template <typename Request, typename Response>
grpc::Status Fails(RpcServer& server, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                   const Request& request) {
  Response response;
  return Call(server.snapshot_stub, method, request, &response);
}

v1::CreateSnapshotResponse Create(RpcServer& server, const std::string& dataset) {
  v1::CreateSnapshotRequest request;
  request.set_dataset(dataset);
  return Ok(server, &Stub::CreateSnapshot, request);
}

std::string SnapshotPath(RpcServer& server, const std::string& digest) {
  return server.snapshots().folder() + "/" + digest + ".snapshot";
}

TEST_CASE("the same content gives the same snapshot, on any server") {
  RpcServer server;
  const std::string digest = ImportPosts(server, "d", 30);
  const v1::CreateSnapshotResponse again = Create(server, "d");
  CHECK_FALSE(again.created());
  CHECK(again.snapshot().digest() == digest);
  CHECK(again.snapshot().post_count() == 30);
  RpcServer other;
  CHECK(ImportPosts(other, "other-name", 30) == digest);
  ImportPosts(server, "d", 1, 31);
  CHECK_FALSE(Create(server, "d").created());  // the import compiled it
  CHECK(Create(server, "d").snapshot().digest() != digest);
}

TEST_CASE("snapshots are got by digest or prefix and listed newest first") {
  RpcServer server;
  std::vector<std::string> digests;
  for (int64_t i = 0; i < 5; ++i)
    digests.push_back(ImportPosts(server, i % 2 == 0 ? "even" : "odd", 2 + i, 100 * i + 1));
  v1::GetSnapshotRequest get;
  get.set_digest(digests[1].substr(0, 10));
  CHECK(Ok(server, &Stub::GetSnapshot, get).snapshot().digest() == digests[1]);
  get.set_digest(std::string(64, 'f'));
  CHECK(ReasonOf(Fails(server, &Stub::GetSnapshot, get)) == "SNAPSHOT_NOT_FOUND");
  get.set_digest("short");
  CHECK(FieldOf(Fails(server, &Stub::GetSnapshot, get)) == "digest");

  v1::ListSnapshotsRequest list;
  list.set_page_size(2);
  std::vector<std::string> listed;
  do {
    const auto page = Ok(server, &Stub::ListSnapshots, list);
    CHECK(page.snapshots_size() <= 2);
    for (const v1::Snapshot& snapshot : page.snapshots()) listed.push_back(snapshot.digest());
    list.set_page_token(page.next_page_token());
  } while (!list.page_token().empty());
  CHECK(listed == std::vector<std::string>(digests.rbegin(), digests.rend()));
  list.set_dataset("odd");
  CHECK(Ok(server, &Stub::ListSnapshots, list).snapshots_size() == 2);
  list.set_dataset("none");
  CHECK(ReasonOf(Fails(server, &Stub::ListSnapshots, list)) == "DATASET_NOT_FOUND");
}

TEST_CASE("verifying names what is damaged and passes what is not") {
  RpcServer server;
  const std::string digest = ImportPosts(server, "d", 200);
  v1::VerifySnapshotRequest request;
  request.set_digest(digest);
  v1::VerifySnapshotResponse response = Ok(server, &Stub::VerifySnapshot, request);
  CHECK(response.intact());
  CHECK(response.digest() == digest);
  CHECK(response.damages_size() == 0);
  CHECK(response.byte_count() > 0);

  const std::string path = SnapshotPath(server, digest);
  const auto size_bytes = static_cast<std::streamoff>(std::filesystem::file_size(path));
  for (const std::streamoff offset : {size_bytes / 2, std::streamoff{0}, size_bytes - 1}) {
    std::filesystem::permissions(path, std::filesystem::perms::owner_write, std::filesystem::perm_options::add);
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(offset);
    const char byte = static_cast<char>(file.get() ^ 0x40);
    file.seekp(offset);
    file.put(byte);
    file.close();
    REQUIRE(file);
    response = Ok(server, &Stub::VerifySnapshot, request);
    CHECK_FALSE(response.intact());
    CHECK(response.damages_size() > 0);
  }
}

TEST_CASE("a snapshot that plans refer to is not deleted; one that none refers to is") {
  RpcServer server;
  const std::string digest = ImportPosts(server, "d", 20);
  v1::CreatePlanRequest plan;
  plan.mutable_spec()->set_snapshot(digest);
  plan.mutable_spec()->set_batch_size(4);
  v1::CreatePlanResponse created;
  REQUIRE(Call(server.plan_stub, &v1::PlanService::Stub::CreatePlan, plan, &created).ok());

  v1::DeleteSnapshotRequest request;
  request.set_digest(digest.substr(0, 12));
  const grpc::Status refused = Fails(server, &Stub::DeleteSnapshot, request);
  CHECK(ReasonOf(refused) == "SNAPSHOT_IN_USE");
  CHECK(refused.error_message().find(created.plan().id()) != std::string::npos);
  CHECK(std::filesystem::exists(SnapshotPath(server, digest)));

  v1::DeletePlanRequest delete_plan;
  delete_plan.set_plan_id(created.plan().id());
  v1::DeletePlanResponse deleted;
  REQUIRE(Call(server.plan_stub, &v1::PlanService::Stub::DeletePlan, delete_plan, &deleted).ok());
  Ok(server, &Stub::DeleteSnapshot, request);
  CHECK_FALSE(std::filesystem::exists(SnapshotPath(server, digest)));

  CHECK(ReasonOf(Fails(server, &Stub::DeleteSnapshot, request)) == "SNAPSHOT_NOT_FOUND");
  request.set_allow_missing(true);
  CHECK(ReasonOf(Fails(server, &Stub::DeleteSnapshot, request)) == "SNAPSHOT_NOT_FOUND");  // a prefix
  request.set_digest(digest);
  Ok(server, &Stub::DeleteSnapshot, request);
  // The same content brings it back.
  CHECK(Create(server, "d").snapshot().digest() == digest);
}

TEST_CASE("an unknown or malformed dataset is refused") {
  RpcServer server;
  v1::CreateSnapshotRequest request;
  CHECK(FieldOf(Fails(server, &Stub::CreateSnapshot, request)) == "dataset");
  request.set_dataset("unknown");
  CHECK(ReasonOf(Fails(server, &Stub::CreateSnapshot, request)) == "DATASET_NOT_FOUND");
}

TEST_CASE("a server that is stopping does not begin to compile") {
  RpcServer server;
  ImportPosts(server, "d", 20);
  server.drain().Begin();
  v1::CreateSnapshotRequest request;
  request.set_dataset("d");
  CHECK(ReasonOf(Fails(server, &Stub::CreateSnapshot, request)) == "SHUTTING_DOWN");
}

}  // namespace
}  // namespace millrace
