// Goal: an import is all or nothing: committed by its `end` alone, once per request_id, and reported honestly.
// Method: imports sent message by message to a real server, whole, spoiled, cut and cancelled, with the dataset looked
// at before and after.
#include "server/rpc/import_service.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

// -1: there is no such dataset.
int64_t PostCount(RpcServer& server, const std::string& dataset) {
  v1::GetStatsRequest request;
  request.set_dataset(dataset);
  v1::GetStatsResponse response;
  const grpc::Status status = Call(server.catalog_stub, &v1::CatalogService::Stub::GetStats, request, &response);
  if (status.ok()) return response.stats().post_count();
  CHECK(ReasonOf(status) == "DATASET_NOT_FOUND");
  return -1;
}

std::vector<v1::ImportRecord> Imports(RpcServer& server, const std::string& dataset = "") {
  v1::ListImportsRequest request;
  request.set_dataset(dataset);
  v1::ListImportsResponse response;
  const grpc::Status status = Call(server.import_stub, &v1::ImportService::Stub::ListImports, request, &response);
  INFO(status.error_message());
  REQUIRE(status.ok());
  return {response.imports().begin(), response.imports().end()};
}

// Waits, bounded, for an import to get so far that it is on record.
void WaitForImport(RpcServer& server, const std::string& request_id, v1::ImportState state) {
  for (int i = 0; i < 2000; ++i) {
    for (const v1::ImportRecord& record : Imports(server)) {
      if (record.request_id() == request_id && record.state() == state) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  FAIL("the import " << request_id << " did not reach state " << state);
}

// A failed import is on record a moment before its dataset is free.
bool ImportsOnceFree(RpcServer& server, const std::string& request_id, const std::string& jsonl) {
  ImportReply reply;
  for (int i = 0; i < 2000; ++i) {
    reply = ImportJsonl(server, JsonlStart("d", request_id), jsonl);
    if (reply.status.ok() || ReasonOf(reply.status) != "IMPORT_RUNNING") break;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  INFO(reply.status.error_message());
  CHECK(reply.status.ok());
  return reply.status.ok();
}

TEST_CASE("an import brings its posts, its counts and a snapshot") {
  RpcServer server;
  const std::string dump = Dump(500);
  const ImportReply reply = ImportJsonl(server, JsonlStart("d", "first"), dump);
  INFO(reply.status.error_message());
  REQUIRE(reply.status.ok());
  const v1::ImportResult& result = *reply.result;
  CHECK(result.dataset() == "d");
  CHECK(result.new_post_count() == 500);
  CHECK(result.replaced_post_count() == 0);
  CHECK(result.rejected_count() == 0);
  CHECK(result.byte_count() == static_cast<int64_t>(dump.size()));
  CHECK_FALSE(result.already_imported());
  CHECK(result.snapshot().size() == 64);
  CHECK_FALSE(result.has_snapshot_error());
  CHECK(result.committed_at().seconds() > 0);
  CHECK(PostCount(server, "d") == 500);
  REQUIRE_FALSE(reply.progress.empty());
  for (size_t i = 1; i < reply.progress.size(); ++i) {
    CHECK(reply.progress[i].stage() >= reply.progress[i - 1].stage());
    CHECK(reply.progress[i].post_count() >= reply.progress[i - 1].post_count());
  }

  const std::vector<v1::ImportRecord> imports = Imports(server, "d");
  REQUIRE(imports.size() == 1);
  CHECK(imports[0].state() == v1::IMPORT_STATE_COMMITTED);
  CHECK(imports[0].format() == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  CHECK(imports[0].request_id() == "first");
  CHECK(imports[0].result().snapshot() == result.snapshot());
}

TEST_CASE("a format that is not named is told, reported, and recorded") {
  RpcServer server;
  v1::ImportStart start = JsonlStart("d", "unnamed");
  start.clear_format();
  const ImportReply reply = ImportJsonl(server, start, Dump(50));
  INFO(reply.status.error_message());
  REQUIRE(reply.status.ok());
  CHECK(reply.result->format() == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  CHECK(reply.progress.back().format() == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  CHECK(Imports(server, "d")[0].format() == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  // The same request again, with the format named or not.
  for (const bool is_named : {false, true}) {
    v1::ImportStart again = JsonlStart("d", "unnamed");
    if (!is_named) again.clear_format();
    const ImportReply repeated = ImportJsonl(server, again, Dump(50));
    INFO(repeated.status.error_message());
    REQUIRE(repeated.status.ok());
    CHECK(repeated.result->already_imported());
    CHECK(repeated.result->format() == v1::SOURCE_FORMAT_DANBOORU_JSONL);
  }
  start.set_request_id("unknown");
  const ImportReply unknown = ImportJsonl(server, start, "words that no format begins with\n");
  CHECK(ReasonOf(unknown.status) == "FILE_INVALID");
  CHECK(unknown.status.error_message().find("danbooru-jsonl") != std::string::npos);
}

TEST_CASE("a client that pauses hears of its rejected records, and of one too many") {
  RpcServer server;
  ImportClient client(*server.import_stub);
  REQUIRE(client.Start(JsonlStart("d", "pauses")));
  REQUIRE(client.File("a.jsonl"));
  REQUIRE(client.Chunk("{\"id\":1}\n{\"id\":1}\n"));
  v1::ImportResponse response;
  while (client.stream().Read(&response)) {
    if (response.has_rejected()) break;
  }
  REQUIRE(response.has_rejected());
  CHECK(response.rejected().line() == 2);
  const ImportReply reply = client.Finish();
  CHECK(ReasonOf(reply.status) == "RECORD_REJECTED");
}

TEST_CASE("posts that are there already are replaced whole, over several files") {
  RpcServer server;
  ImportPosts(server, "d", 100);
  ImportClient client(*server.import_stub);
  client.Start(JsonlStart("d", "second"));
  client.File("a.jsonl");
  client.Chunk(Dump(10, 95));
  client.File("empty.jsonl");
  client.File("b.jsonl");
  client.Chunk(Dump(10, 201));
  client.End();
  const ImportReply reply = client.Finish();
  REQUIRE(reply.status.ok());
  CHECK(reply.result->replaced_post_count() == 6);
  CHECK(reply.result->new_post_count() == 14);
  CHECK(PostCount(server, "d") == 114);
}

TEST_CASE("a snapshot is left out when it is not wanted") {
  RpcServer server;
  v1::ImportStart start = JsonlStart("d", "r");
  start.set_skip_snapshot(true);
  const ImportReply reply = ImportJsonl(server, start, Dump(5));
  REQUIRE(reply.status.ok());
  CHECK_FALSE(reply.result->has_snapshot());
  v1::ListSnapshotsResponse response;
  REQUIRE(Call(server.snapshot_stub, &v1::SnapshotService::Stub::ListSnapshots, v1::ListSnapshotsRequest(), &response)
              .ok());
  CHECK(response.snapshots_size() == 0);

  // Asked for again, and this time wanted, it comes with the first result.
  start.set_skip_snapshot(false);
  const ImportReply again = ImportJsonl(server, start, Dump(5));
  REQUIRE(again.status.ok());
  CHECK(again.result->already_imported());
  CHECK(again.result->import_id() == reply.result->import_id());
  CHECK(again.result->has_snapshot());
}

TEST_CASE("the same request_id imports once") {
  RpcServer server;
  const ImportReply first = ImportJsonl(server, JsonlStart("d", "once"), Dump(20));
  REQUIRE(first.status.ok());
  // Other bytes: they are not even read.
  const ImportReply again = ImportJsonl(server, JsonlStart("d", "once"), Dump(30, 1000));
  REQUIRE(again.status.ok());
  v1::ImportResult expected = *first.result;
  expected.set_already_imported(true);
  CHECK(again.result->SerializeAsString() == expected.SerializeAsString());
  CHECK(PostCount(server, "d") == 20);
  CHECK(Imports(server).size() == 1);

  const ImportReply elsewhere = ImportJsonl(server, JsonlStart("other", "once"), Dump(1));
  CHECK(elsewhere.status.error_code() == grpc::StatusCode::ALREADY_EXISTS);
  CHECK(ReasonOf(elsewhere.status) == "REQUEST_ID_REUSED");
  CHECK(PostCount(server, "other") == -1);
}

TEST_CASE("lists behind the posts apply to them, and what they brought is told, on record, and told again") {
  RpcServer server;
  v1::ImportStart start = JsonlStart("d", "lists");
  start.set_format(v1::SOURCE_FORMAT_DANBOORU_EXPORT);
  start.set_apply_aliases(true);
  const auto import = [&] {
    ImportClient client(*server.import_stub);
    client.Start(start);
    client.File("posts.json");
    client.Chunk("{\"id\":1,\"tag_string_general\":\"neko solo\"}\n{\"id\":2,\"tag_string_general\":\"solo\"}\n");
    client.File("tag_aliases.json");
    client.Chunk("{\"antecedent_name\":\"neko\",\"consequent_name\":\"cat\",\"status\":\"active\"}\n");
    client.End();
    return client.Finish();
  };
  const ImportReply reply = import();
  INFO(reply.status.error_message());
  REQUIRE(reply.status.ok());
  CHECK(reply.result->aliased_post_count() == 1);
  CHECK(reply.result->listed_aliases().new_count() == 1);
  CHECK_FALSE(reply.result->has_listed_tags());
  CHECK(reply.result->superseded_relation_count() == 0);
  CHECK(Imports(server, "d")[0].result().SerializeAsString() == reply.result->SerializeAsString());
  v1::ImportResult expected = *reply.result;
  expected.set_already_imported(true);
  CHECK(import().result->SerializeAsString() == expected.SerializeAsString());

  v1::ImportStart later = start;
  later.set_request_id("later");
  ImportClient client(*server.import_stub);
  client.Start(later);
  client.File("tag_aliases.json");
  client.Chunk("{\"antecedent_name\":\"cat\",\"consequent_name\":\"felis\",\"status\":\"active\"}\n");
  client.End();
  const ImportReply superseding = client.Finish();
  REQUIRE(superseding.status.ok());
  CHECK(superseding.result->superseded_relation_count() == 1);
  CHECK(superseding.result->new_post_count() == 0);
}

TEST_CASE("a rejected record fails the import, names its place, and changes nothing") {
  RpcServer server;
  ImportPosts(server, "d", 10);
  const std::string dump = Dump(3, 100) + "{\"id\":\"0x7\"}\n" + Dump(3, 200);
  const ImportReply reply = ImportJsonl(server, JsonlStart("d", "bad"), dump);
  CHECK(reply.status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  const ErrorDetails details = ErrorDetailsOf(reply.status);
  CHECK(details.info.reason() == "RECORD_REJECTED");
  CHECK(details.info.metadata().at("file") == "posts.jsonl");
  CHECK(details.info.metadata().at("line") == "4");
  CHECK(details.info.metadata().at("field") == "id");
  CHECK_FALSE(details.info.metadata().at("reason").empty());
  REQUIRE(reply.rejected.size() == 1);
  CHECK(reply.rejected[0].line() == 4);
  CHECK(PostCount(server, "d") == 10);

  const std::vector<v1::ImportRecord> imports = Imports(server, "d");
  REQUIRE(imports.size() == 2);
  CHECK(imports[0].state() == v1::IMPORT_STATE_FAILED);
  CHECK(imports[0].error().code() == static_cast<int>(grpc::StatusCode::INVALID_ARGUMENT));
  CHECK_FALSE(imports[0].error().message().empty());
  // The request_id of a failed import is free.
  CHECK(ImportJsonl(server, JsonlStart("d", "bad"), Dump(3, 100)).status.ok());
}

TEST_CASE("rejected records are counted all and reported up to the limit") {
  RpcServer server;
  std::string dump;
  for (int i = 0; i < 50; ++i) dump += DumpLine(i + 1) + "not json\n";
  v1::ImportStart start = JsonlStart("d", "r");
  start.set_max_rejected_count(-1);
  start.set_max_reported_count(7);
  const ImportReply reply = ImportJsonl(server, start, dump);
  REQUIRE(reply.status.ok());
  CHECK(reply.result->rejected_count() == 50);
  CHECK(reply.result->new_post_count() == 50);
  CHECK(reply.rejected.size() == 7);

  start = JsonlStart("e", "s");
  start.set_max_rejected_count(50);
  CHECK(ImportJsonl(server, start, dump).status.ok());
  start = JsonlStart("f", "t");
  start.set_max_rejected_count(49);
  CHECK(ReasonOf(ImportJsonl(server, start, dump).status) == "RECORD_REJECTED");
  CHECK(PostCount(server, "f") == -1);
}

TEST_CASE("a client that reads late gets every record it asked for") {
  RpcServer server;
  std::string dump;
  for (int i = 0; i < 5000; ++i) dump += "x\n";
  v1::ImportStart start = JsonlStart("d", "r");
  start.set_max_rejected_count(-1);
  start.set_max_reported_count(5000);
  ImportClient client(*server.import_stub);
  client.Start(start);
  client.File("posts.jsonl");
  client.Chunk(dump);
  client.End();
  std::this_thread::sleep_for(std::chrono::milliseconds(300));  // the job waits for room meanwhile
  const ImportReply reply = client.Finish();
  REQUIRE(reply.status.ok());
  CHECK(reply.rejected.size() == 5000);
  CHECK(reply.result->rejected_count() == 5000);
}

TEST_CASE("messages out of order end the import and change nothing") {
  RpcServer server;
  const auto reason_of = [&](auto send) {
    ImportClient client(*server.import_stub);
    send(client);
    return ReasonOf(client.Finish().status);
  };
  const v1::ImportStart start = JsonlStart("d", "r");
  CHECK(reason_of([&](ImportClient& client) { client.File("a"); }) == "IMPORT_PROTOCOL");
  CHECK(reason_of([&](ImportClient& client) {}) == "IMPORT_PROTOCOL");
  CHECK(reason_of([&](ImportClient& client) {
          client.Start(start);
          client.Chunk("x");
        }) == "IMPORT_PROTOCOL");
  CHECK(reason_of([&](ImportClient& client) {
          client.Start(start);
          client.File("a");
          client.Start(start);
        }) == "IMPORT_PROTOCOL");
  CHECK(reason_of([&](ImportClient& client) {
          client.Start(start);
          client.File("a");
          client.Chunk(Dump(2));
          client.End(1, 17);
        }) == "IMPORT_PROTOCOL");
  CHECK(reason_of([&](ImportClient& client) {
          client.Start(start);
          client.File("a");
          client.Chunk(std::string((1 << 20) + 1, '\n'));
          client.End();
        }) == "FIELD_INVALID");
  // Behind `end`: instead of the half-close that the server waits for.
  CHECK(reason_of([&](ImportClient& client) {
          client.Start(start);
          client.File("a");
          client.Chunk(Dump(2));
          client.End();
          client.Chunk(Dump(1, 7));
        }) == "IMPORT_PROTOCOL");
  v1::ImportStart bad = start;
  bad.set_dataset("..");
  CHECK(reason_of([&](ImportClient& client) { client.Start(bad); }) == "FIELD_INVALID");
  CHECK(PostCount(server, "d") == -1);
}

TEST_CASE("an import is committed though its client does not close its half behind `end`") {
  RpcServer server;
  ImportClient client(*server.import_stub);
  client.Start(JsonlStart("d", "r"));
  client.File("a");
  client.Chunk(Dump(2));
  client.End();
  v1::ImportResponse response;
  while (client.stream().Read(&response) && !response.has_result()) {
  }
  CHECK(response.result().new_post_count() == 2);
}

TEST_CASE("a stream that ends without `end` changes nothing, and the same request_id may try again") {
  RpcServer server;
  ImportPosts(server, "d", 10);
  {
    ImportClient client(*server.import_stub);
    client.Start(JsonlStart("d", "cut"));
    client.File("posts.jsonl");
    client.Chunk(Dump(100, 50));
    const ImportReply reply = client.Finish();
    CHECK(ReasonOf(reply.status) == "IMPORT_PROTOCOL");
  }
  CHECK(PostCount(server, "d") == 10);
  CHECK(ImportJsonl(server, JsonlStart("d", "cut"), Dump(100, 50)).status.ok());
  CHECK(PostCount(server, "d") == 110);
}

TEST_CASE("a client that goes away in mid-import leaves nothing behind and frees the dataset") {
  RpcServer server;
  ImportPosts(server, "d", 10);
  {
    ImportClient client(*server.import_stub);
    client.Start(JsonlStart("d", "gone"));
    client.File("posts.jsonl");
    for (int64_t i = 0; i < 20; ++i) REQUIRE(client.Chunk(Dump(500, 1000 + 500 * i)));
    WaitForImport(server, "gone", v1::IMPORT_STATE_RUNNING);
    client.Cancel();
    CHECK(client.Finish().status.error_code() == grpc::StatusCode::CANCELLED);
  }
  WaitForImport(server, "gone", v1::IMPORT_STATE_FAILED);
  CHECK(PostCount(server, "d") == 10);
  REQUIRE(ImportsOnceFree(server, "next", Dump(5, 50)));
  CHECK(PostCount(server, "d") == 15);
}

TEST_CASE("of two imports into one dataset at once the second is told to wait") {
  RpcServer server;
  ImportClient first(*server.import_stub);
  first.Start(JsonlStart("d", "one"));
  first.File("posts.jsonl");
  first.Chunk(Dump(5));
  WaitForImport(server, "one", v1::IMPORT_STATE_RUNNING);
  const ImportReply second = ImportJsonl(server, JsonlStart("d", "two"), Dump(5, 100));
  CHECK(second.status.error_code() == grpc::StatusCode::ABORTED);
  const ErrorDetails details = ErrorDetailsOf(second.status);
  CHECK(details.info.reason() == "IMPORT_RUNNING");
  CHECK(details.retry_info.has_value());
  // Another dataset is another matter.
  CHECK(ImportJsonl(server, JsonlStart("e", "three"), Dump(5)).status.ok());
  first.End();
  CHECK(first.Finish().status.ok());
  CHECK(PostCount(server, "d") == 5);
}

TEST_CASE("bytes that are not of the format are refused with the file's name") {
  RpcServer server;
  v1::ImportStart start = JsonlStart("d", "r");
  start.set_format(v1::SOURCE_FORMAT_DANBOORU_META_SQLITE);
  const ImportReply reply = ImportJsonl(server, start, Dump(10));
  const ErrorDetails details = ErrorDetailsOf(reply.status);
  CHECK(details.info.reason() == "FILE_INVALID");
  CHECK(details.info.metadata().at("file") == "posts.jsonl");
  CHECK(PostCount(server, "d") == -1);
}

TEST_CASE("an import whose snapshot cannot be compiled is committed and says why") {
  RpcServer server;
  // Where the snapshot would be written there is no folder any more.
  REQUIRE(std::filesystem::remove_all(server.snapshots().folder()) > 0);
  const ImportReply reply = ImportJsonl(server, JsonlStart("d", "r"), Dump(10));
  INFO(reply.status.error_message());
  REQUIRE(reply.status.ok());
  CHECK_FALSE(reply.result->has_snapshot());
  REQUIRE(reply.result->has_snapshot_error());
  CHECK(reply.result->snapshot_error().code() != 0);
  CHECK_FALSE(reply.result->snapshot_error().message().empty());
  CHECK(PostCount(server, "d") == 10);
}

TEST_CASE("draining ends an import that waits for its client, and changes nothing") {
  RpcServer server;
  ImportClient client(*server.import_stub);
  client.Start(JsonlStart("d", "r"));
  client.File("posts.jsonl");
  client.Chunk(Dump(5));
  WaitForImport(server, "r", v1::IMPORT_STATE_RUNNING);
  server.drain().Begin();
  // Nothing is sent or closed: the server ends the call by itself.
  v1::ImportResponse response;
  while (client.stream().Read(&response)) CHECK_FALSE(response.has_result());
  const grpc::Status status = client.stream().Finish();
  CHECK(status.error_code() == grpc::StatusCode::UNAVAILABLE);
  CHECK(ReasonOf(status) == "SHUTTING_DOWN");
  CHECK(PostCount(server, "d") == -1);
}

TEST_CASE("a client that stays and says nothing loses its import and frees the dataset") {
  RpcServerOptions options;
  options.import_idle_timeout = absl::Milliseconds(400);
  RpcServer server(options);
  ImportClient client(*server.import_stub);
  client.Start(JsonlStart("d", "silent"));
  client.File("posts.jsonl");
  client.Chunk(Dump(5));
  // Nothing is sent or closed: the server ends the call by itself.
  v1::ImportResponse response;
  while (client.stream().Read(&response)) CHECK_FALSE(response.has_result());
  const grpc::Status status = client.stream().Finish();
  CHECK(status.error_code() == grpc::StatusCode::ABORTED);
  CHECK(ReasonOf(status) == "IMPORT_IDLE");
  CHECK(PostCount(server, "d") == -1);
  CHECK(ImportJsonl(server, JsonlStart("d", "silent"), Dump(5)).status.ok());
  CHECK(PostCount(server, "d") == 5);
}

TEST_CASE("a client that never reads loses its import and frees the dataset") {
  RpcServerOptions options;
  options.import_idle_timeout = absl::Milliseconds(400);
  RpcServer server(options);
  // 80 MB of rejected records: more than HTTP/2 and the server hold for a client.
  constexpr size_t kRecordCount = 8'000;
  const std::string name(10'000, 'x');
  std::string dump;
  for (size_t i = 0; i < kRecordCount; ++i) dump += "x\n";
  v1::ImportStart start = JsonlStart("d", "deaf");
  start.set_max_rejected_count(-1);
  start.set_max_reported_count(kRecordCount);
  ImportClient client(*server.import_stub);
  client.Start(start);
  client.File(name);
  client.Chunk(dump);
  client.End();
  WaitForImport(server, "deaf", v1::IMPORT_STATE_FAILED);
  CHECK(ImportsOnceFree(server, "next", Dump(5)));
  const ImportReply reply = client.Finish();
  CHECK(ReasonOf(reply.status) == "IMPORT_IDLE");
  CHECK(reply.rejected.size() < kRecordCount);
}

// Keeps the only thread of the import pool busy until it goes.
class ImportBlocker {
 public:
  explicit ImportBlocker(RpcServer& server) {
    std::promise<void> started;
    REQUIRE(server.import_pool().TrySchedule([&started, released = released_.get_future().share()] {
      started.set_value();
      released.wait();
    }));
    started.get_future().wait();
  }
  ~ImportBlocker() { released_.set_value(); }

 private:
  std::promise<void> released_;
};

TEST_CASE("an import is refused while no thread is free and the queue is full") {
  RpcServerOptions options;
  options.import_thread_count = 1;
  RpcServer server(options);
  {
    const ImportBlocker blocker(server);
    while (server.import_pool().TrySchedule([] {})) {
    }
    const ImportReply refused = ImportJsonl(server, JsonlStart("d", "r"), Dump(1));
    const ErrorDetails details = ErrorDetailsOf(refused.status);
    CHECK(details.info.reason() == "SERVER_BUSY");
    CHECK(details.retry_info.has_value());
  }
  CHECK(PostCount(server, "d") == -1);
}

TEST_CASE("an import that waits for a thread goes on when there is one") {
  RpcServerOptions options;
  options.import_thread_count = 1;
  RpcServer server(options);
  ImportClient client(*server.import_stub);
  {
    const ImportBlocker blocker(server);
    REQUIRE(client.Start(JsonlStart("d", "r")));
    REQUIRE(client.File("posts.jsonl"));
    REQUIRE(client.Chunk(Dump(2)));
  }
  client.End();
  CHECK(client.Finish().status.ok());
  CHECK(PostCount(server, "d") == 2);
}

TEST_CASE("imports are listed newest first, in pages") {
  RpcServer server;
  for (int i = 0; i < 5; ++i) ImportPosts(server, i % 2 == 0 ? "even" : "odd", 1, 10 * i + 1);
  v1::ListImportsRequest request;
  request.set_page_size(2);
  std::vector<std::string> request_ids;
  do {
    v1::ListImportsResponse response;
    REQUIRE(Call(server.import_stub, &v1::ImportService::Stub::ListImports, request, &response).ok());
    CHECK(response.imports_size() <= 2);
    for (const v1::ImportRecord& record : response.imports()) request_ids.push_back(record.request_id());
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  CHECK(request_ids == std::vector<std::string>{"even-1-41", "odd-1-31", "even-1-21", "odd-1-11", "even-1-1"});
  CHECK(Imports(server, "odd").size() == 2);
  request.Clear();
  request.set_dataset("unknown");
  v1::ListImportsResponse response;
  CHECK(ReasonOf(Call(server.import_stub, &v1::ImportService::Stub::ListImports, request, &response)) ==
        "DATASET_NOT_FOUND");
}

}  // namespace
}  // namespace millrace
