// Goal: queries are explained and searched as the contract says, over snapshots and datasets, page by page, and what is
// wrong with one says where. Method: a real server over made up posts.
#include "server/rpc/query_service.h"

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::QueryService::Stub;

struct Fixture {
  RpcServer server;
  std::string snapshot = ImportPosts(server, "d", 60);
  std::unique_ptr<Stub> stub = v1::QueryService::NewStub(server.MakeChannel());

  grpc::Status Explain(const std::string& query, v1::ExplainQueryResponse* response) {
    v1::ExplainQueryRequest request;
    request.set_dataset("d");
    request.set_query(query);
    return Call(stub, &Stub::ExplainQuery, request, response);
  }

  v1::ExplainQueryResponse Explained(const std::string& query) {
    v1::ExplainQueryResponse response;
    const grpc::Status status = Explain(query, &response);
    INFO(query << ": " << status.error_message());
    REQUIRE(status.ok());
    return response;
  }

  std::vector<int64_t> Ids(v1::SearchPostsRequest request) {
    std::vector<int64_t> ids;
    do {
      v1::SearchPostsResponse response;
      const grpc::Status status = Call(stub, &Stub::SearchPosts, request, &response);
      INFO(request.query() << ": " << status.error_message());
      REQUIRE(status.ok());
      CHECK(response.snapshot() == snapshot);
      CHECK(response.posts_size() == (request.ids_only() ? 0 : response.post_ids_size()));
      for (int i = 0; i < response.posts_size(); ++i) CHECK(response.posts(i).id() == response.post_ids(i));
      ids.insert(ids.end(), response.post_ids().begin(), response.post_ids().end());
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }

  std::vector<int64_t> Ids(const std::string& query, int page_size = 0, bool ids_only = false) {
    v1::SearchPostsRequest request;
    request.set_snapshot(snapshot.substr(0, 12));
    request.set_query(query);
    request.set_page_size(page_size);
    request.set_ids_only(ids_only);
    return Ids(request);
  }
};

TEST_CASE("a query is explained as a tree with the posts of every term") {
  Fixture fixture;
  const v1::ExplainQueryResponse response = fixture.Explained("id:..40  ( id:>50 or -id:31.. ) order:id_desc");
  CHECK(response.snapshot() == fixture.snapshot);
  CHECK(response.canonical_query() == "id:..40 (id:>50 or -id:31..)");
  CHECK(response.post_count() == 30);
  CHECK(response.snapshot_post_count() == 60);
  REQUIRE(response.nodes_size() == 6);
  const auto check = [&](int place, v1::QueryNodeKind kind, const std::string& text, std::vector<int> children,
                         int64_t post_count) {
    const v1::QueryNode& node = response.nodes(place);
    CHECK(node.kind() == kind);
    CHECK(node.text() == text);
    CHECK(std::vector<int>(node.children().begin(), node.children().end()) == children);
    CHECK((node.has_post_count() ? node.post_count() : -1) == post_count);
    CHECK(node.has_char_offset() == (kind == v1::QUERY_NODE_KIND_TERM));
  };
  check(0, v1::QUERY_NODE_KIND_AND, "id:..40 (id:>50 or -id:31..)", {1, 2}, 30);
  check(1, v1::QUERY_NODE_KIND_TERM, "id:..40", {}, 40);
  check(2, v1::QUERY_NODE_KIND_OR, "id:>50 or -id:31..", {3, 4}, -1);
  check(3, v1::QUERY_NODE_KIND_TERM, "id:>50", {}, 10);
  check(4, v1::QUERY_NODE_KIND_NOT, "-id:31..", {5}, -1);
  check(5, v1::QUERY_NODE_KIND_TERM, "id:31..", {}, 30);
  CHECK(response.nodes(5).char_offset() == 21);  // the - belongs to the term as written

  const v1::ExplainQueryResponse empty = fixture.Explained("");
  CHECK(empty.nodes_size() == 1);
  CHECK(empty.nodes(0).kind() == v1::QUERY_NODE_KIND_AND);
  CHECK(empty.post_count() == 60);
}

TEST_CASE("the deepest and the longest queries are explained") {
  Fixture fixture;
  const std::string deep = std::string(32, '(') + "id:1" + std::string(32, ')');
  CHECK(fixture.Explained(deep).post_count() == 1);
  std::string nested = "id:1";
  for (int i = 0; i < 31; ++i) nested = "-(id:2 or id:3 " + nested + ")";
  CHECK(fixture.Explained(nested).nodes_size() > 90);
  std::string wide;
  for (int i = 0; i < 100; ++i) wide += "id:1.. ";
  CHECK(fixture.Explained(wide).post_count() == 60);
}

TEST_CASE("what is wrong with a query says where") {
  Fixture fixture;
  const auto check = [&](const std::string& query, const std::string& char_offset, const std::string& what) {
    v1::ExplainQueryResponse response;
    const grpc::Status status = fixture.Explain(query, &response);
    CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
    CHECK(ReasonOf(status) == "QUERY_INVALID");
    CHECK(ErrorDetailsOf(status).info.metadata().at("char_offset") == char_offset);
    CHECK_THAT(status.error_message(), Catch::Contains(what));
  };
  check("id:1 nothing_is_called_so", "5", "names a tag that no post");
  check("id:1 (id:2", "5", "opens a group");
  check("scroe:>5", "0", "Did you mean the metatag score:?");
  check("id:1 order:x", "5", "asks for an order");
  v1::ExplainQueryRequest request;
  v1::ExplainQueryResponse response;
  CHECK(FieldOf(Call(fixture.stub, &Stub::ExplainQuery, request, &response)) == "scope");
  request.set_dataset("nobody");
  CHECK(ReasonOf(Call(fixture.stub, &Stub::ExplainQuery, request, &response)) == "DATASET_NOT_FOUND");
}

TEST_CASE("posts that match come in pages, in the order that was asked for") {
  Fixture fixture;
  const auto range = [](int64_t first, int64_t last) {
    std::vector<int64_t> ids;
    for (int64_t id = first; id <= last; ++id) ids.push_back(id);
    return ids;
  };
  CHECK(fixture.Ids("id:11..50") == range(11, 50));
  CHECK(fixture.Ids("id:11..50", 7) == range(11, 50));
  CHECK(fixture.Ids("id:11..50", 7, true) == range(11, 50));
  CHECK(fixture.Ids("", 0, true) == range(1, 60));
  std::vector<int64_t> reversed = range(11, 50);
  std::reverse(reversed.begin(), reversed.end());
  CHECK(fixture.Ids("id:11..50 order:id_desc", 9) == reversed);
  CHECK(fixture.Ids("limit:13 id:11..50", 5) == range(11, 23));
  CHECK(fixture.Ids("limit:0").empty());
  CHECK(fixture.Ids("id:>1000").empty());
  CHECK(fixture.Ids("order:score", 4, true).size() == 60);
}

TEST_CASE("every answer tells by which reading of tags it is") {
  Fixture fixture;
  for (const auto& [asked, told] : {std::pair{v1::TAG_READING_UNSPECIFIED, v1::TAG_READING_AS_SAID},
                                    std::pair{v1::TAG_READING_AS_SAID, v1::TAG_READING_AS_SAID},
                                    std::pair{v1::TAG_READING_APPLIED, v1::TAG_READING_APPLIED}}) {
    CAPTURE(asked);
    v1::ExplainQueryRequest explain;
    explain.set_dataset("d");
    explain.set_tags(asked);
    v1::ExplainQueryResponse explained;
    REQUIRE(Call(fixture.stub, &Stub::ExplainQuery, explain, &explained).ok());
    CHECK(explained.tags() == told);
    v1::SearchPostsRequest search;
    search.set_dataset("d");
    search.set_tags(asked);
    search.set_page_size(40);
    for (const bool ids_only : {false, true}) {
      search.set_ids_only(ids_only);
      search.clear_page_token();
      v1::SearchPostsResponse page;
      REQUIRE(Call(fixture.stub, &Stub::SearchPosts, search, &page).ok());
      CHECK(page.tags() == told);
      search.set_page_token(page.next_page_token());
      REQUIRE_FALSE(search.page_token().empty());
      REQUIRE(Call(fixture.stub, &Stub::SearchPosts, search, &page).ok());
      CHECK(page.tags() == told);
    }
  }
}

TEST_CASE("a page token belongs to its search, and to the snapshot of its first page") {
  Fixture fixture;
  v1::SearchPostsRequest request;
  request.set_dataset("d");
  request.set_query("id:1..50");
  request.set_page_size(10);
  v1::SearchPostsResponse first;
  REQUIRE(Call(fixture.stub, &Stub::SearchPosts, request, &first).ok());
  CHECK(first.post_count() == 50);
  ImportPosts(fixture.server, "d", 5, 1000);
  request.set_page_token(first.next_page_token());
  v1::SearchPostsResponse second;
  REQUIRE(Call(fixture.stub, &Stub::SearchPosts, request, &second).ok());
  CHECK(second.snapshot() == fixture.snapshot);
  CHECK(second.post_ids(0) == 11);
  request.set_query("id:1..40");
  CHECK(ReasonOf(Call(fixture.stub, &Stub::SearchPosts, request, &second)) == "PAGE_TOKEN_INVALID");
  request.clear_page_token();
  request.set_page_size(-1);
  CHECK(FieldOf(Call(fixture.stub, &Stub::SearchPosts, request, &second)) == "page_size");
}

}  // namespace
}  // namespace millrace
