// Goal: sources are made, listed, changed and deleted as the contract says, and nothing tells a key.
// Method: a real server that may fetch nothing; what fetches is tested below it (core/refresh) and above (tests/e2e).
#include "server/rpc/source_service.h"

#include <string>

#include "core/catalog/source_store.h"
#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::SourceService::Stub;

class Fixture {
 public:
  template <typename Request, typename Response>
  Response Ok(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request) {
    Response response;
    const grpc::Status status = Call(stub, method, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    return response;
  }
  template <typename Request, typename Response>
  std::string Fails(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                    const Request& request) {
    Response response;
    return ReasonOf(Call(stub, method, request, &response));
  }
  static v1::CreateSourceRequest CreateRequest(const std::string& name) {
    v1::CreateSourceRequest request;
    request.set_name(name);
    request.set_dataset("board");
    request.set_kind(v1::BOARD_KIND_DANBOORU);
    request.set_address("https://board.example/");
    return request;
  }

  RpcServer server;
  const std::unique_ptr<Stub> stub = v1::SourceService::NewStub(server.MakeChannel());
};

TEST_CASE_METHOD(Fixture, "a source is made once, with what it leaves out completed") {
  v1::CreateSourceRequest request = CreateRequest("one");
  request.mutable_interval()->set_seconds(3600);
  request.set_login("me");
  request.set_api_key("hidden-word");
  request.set_position(17);
  const v1::CreateSourceResponse made = Ok(&Stub::CreateSource, request);
  CHECK(made.created());
  const v1::Source& source = made.source();
  CHECK(source.address() == "https://board.example");
  CHECK(source.page_size() == 200);
  CHECK(source.interval().seconds() == 3600);
  CHECK(source.position() == 17);
  CHECK(source.has_credentials());
  CHECK(made.ShortDebugString().find("hidden-word") == std::string::npos);
  CHECK_FALSE(Ok(&Stub::CreateSource, request).created());
  request.set_query("1girl");
  CHECK(Fails(&Stub::CreateSource, request) == "SOURCE_EXISTS");
}

TEST_CASE_METHOD(Fixture, "settings that cannot work are refused") {
  const auto refused = [&](auto change) {
    v1::CreateSourceRequest request = CreateRequest("one");
    change(request);
    return Fails(&Stub::CreateSource, request) == "FIELD_INVALID";
  };
  CHECK(refused([](auto& r) { r.set_name(""); }));
  CHECK(refused([](auto& r) { r.set_kind(v1::BOARD_KIND_UNSPECIFIED); }));
  CHECK(refused([](auto& r) { r.set_kind(static_cast<v1::BoardKind>(99)); }));
  CHECK(refused([](auto& r) { r.set_address("file:///etc/passwd"); }));
  CHECK(refused([](auto& r) { r.set_page_size(1000); }));
  CHECK(refused([](auto& r) { r.set_position(-1); }));
  CHECK(refused([](auto& r) { r.set_position(INT64_MAX); }));
  CHECK(refused([](auto& r) { r.mutable_interval()->set_seconds(-60); }));
  CHECK(refused([](auto& r) { r.mutable_interval()->set_seconds(INT64_MAX); }));
  CHECK(refused([](auto& r) { r.set_login("me"); }));
}

TEST_CASE_METHOD(Fixture, "an update changes what it names, all or nothing") {
  Ok(&Stub::CreateSource, CreateRequest("one"));
  v1::UpdateSourceRequest update;
  update.set_name("one");
  update.set_query("1girl");
  update.set_position(5);
  v1::Source source = Ok(&Stub::UpdateSource, update).source();
  CHECK(source.query() == "1girl");
  CHECK(source.position() == 5);
  CHECK(source.page_size() == 200);
  update.set_query("2girls");
  update.set_mark_missing(true);  // goes without a query only
  CHECK(Fails(&Stub::UpdateSource, update) == "FIELD_INVALID");
  v1::GetSourceRequest get;
  get.set_name("one");
  CHECK(Ok(&Stub::GetSource, get).source().query() == "1girl");
}

TEST_CASE_METHOD(Fixture, "changes are followed where a board lists them, and forgotten with its address") {
  v1::CreateSourceRequest create = CreateRequest("followed");
  create.set_follow_changes(true);
  CHECK(Ok(&Stub::CreateSource, create).source().follow_changes());
  const auto seen = [&] {
    SourceStore& store = server.catalog().sources();
    REQUIRE(store
                .Update("followed",
                        [](SourceRecord* record) {
                          record->changes = {.position = 7, .target = 9, .last = 8, .offset = 3};
                          return absl::OkStatus();
                        })
                .ok());
    return store.Get("followed")->changes;
  };
  const auto update = [&](auto change) {
    v1::UpdateSourceRequest request;
    request.set_name("followed");
    change(request);
    return Ok(&Stub::UpdateSource, request).source();
  };
  const ChangeCursor before = seen();
  CHECK(update([](auto& request) { request.set_page_size(50); }).change_position() == 7);
  CHECK(server.catalog().sources().Get("followed")->changes == before);
  // Another list: a walk that is under way means nothing there, while what was changed is what it was.
  CHECK(update([](auto& request) { request.set_query("1girl"); }).change_position() == 7);
  CHECK(server.catalog().sources().Get("followed")->changes == ChangeCursor{.position = 7});
  CHECK(update([](auto& request) { request.set_address("https://other.example"); }).change_position() == 0);
  seen();
  const v1::Source off = update([](auto& request) { request.set_follow_changes(false); });
  CHECK_FALSE(off.follow_changes());
  CHECK(off.change_position() == 0);
  v1::CreateSourceRequest refused = CreateRequest("refused");
  refused.set_kind(v1::BOARD_KIND_MOEBOORU);
  refused.set_follow_changes(true);
  CHECK(Fails(&Stub::CreateSource, refused) == "FIELD_INVALID");
}

TEST_CASE_METHOD(Fixture, "stored credentials go to no other server than the one they were given for") {
  v1::CreateSourceRequest request = CreateRequest("one");
  request.set_login("me");
  request.set_api_key("hidden-word");
  Ok(&Stub::CreateSource, request);
  v1::UpdateSourceRequest update;
  update.set_name("one");
  for (const char* const address :
       {"http://board.example", "https://other.example", "https://board.example:444", "https://board.example.other"}) {
    INFO(address);
    update.set_address(address);
    CHECK(Fails(&Stub::UpdateSource, update) == "FIELD_INVALID");
  }
  update.set_address("https://BOARD.example:443/path");
  CHECK(Ok(&Stub::UpdateSource, update).source().has_credentials());
  update.set_address("https://other.example");
  update.set_login("me");
  CHECK(Fails(&Stub::UpdateSource, update) == "FIELD_INVALID");
  update.set_login("");
  update.set_api_key("");
  CHECK_FALSE(Ok(&Stub::UpdateSource, update).source().has_credentials());
  update.clear_login();
  update.clear_api_key();
  update.set_address("https://third.example");
  Ok(&Stub::UpdateSource, update);
}

TEST_CASE_METHOD(Fixture, "sources are listed by name, page by page, and deleted") {
  for (const char* const name : {"c", "a", "b"}) Ok(&Stub::CreateSource, CreateRequest(name));
  v1::ListSourcesRequest list;
  list.set_page_size(2);
  const v1::ListSourcesResponse first = Ok(&Stub::ListSources, list);
  REQUIRE(first.sources_size() == 2);
  CHECK(first.sources(0).name() == "a");
  list.set_page_token(first.next_page_token());
  const v1::ListSourcesResponse second = Ok(&Stub::ListSources, list);
  REQUIRE(second.sources_size() == 1);
  CHECK(second.sources(0).name() == "c");
  CHECK(second.next_page_token().empty());

  v1::DeleteSourceRequest remove;
  remove.set_name("a");
  Ok(&Stub::DeleteSource, remove);
  CHECK(Fails(&Stub::DeleteSource, remove) == "SOURCE_NOT_FOUND");
  remove.set_allow_missing(true);
  Ok(&Stub::DeleteSource, remove);
}

TEST_CASE_METHOD(Fixture, "a server that may fetch nothing refuses to refresh") {
  const auto refresh = [&](const std::string& name) {
    v1::RefreshSourceRequest request;
    request.set_name(name);
    const auto context = MakeContext();
    const auto reader = stub->RefreshSource(context.get(), request);
    v1::RefreshSourceResponse response;
    CHECK_FALSE(reader->Read(&response));
    return ReasonOf(reader->Finish());
  };
  CHECK(refresh("one") == "SOURCE_NOT_FOUND");
  CHECK(refresh("") == "FIELD_INVALID");
  Ok(&Stub::CreateSource, CreateRequest("one"));
  CHECK(refresh("one") == "FETCH_DISABLED");
  v1::ListRefreshRunsRequest runs;
  runs.set_source("one");
  CHECK(Ok(&Stub::ListRefreshRuns, runs).runs_size() == 0);
  runs.set_source("none");
  CHECK(Fails(&Stub::ListRefreshRuns, runs) == "SOURCE_NOT_FOUND");
}

}  // namespace
}  // namespace millrace
