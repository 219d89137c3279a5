// Goal: the lists that came beside posts can be looked at, in pages, of datasets and of snapshots.
// Method: a real server over facts that were staged straight into its catalog.
#include "server/rpc/tag_service.h"

#include <string>
#include <vector>

#include "core/ingest/compile.h"
#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::TagService::Stub;

// Commits a dataset "board" with two aliases, two implications, pools, artists and a deprecated tag.
void Fill(RpcServer& server) {
  absl::StatusOr<BegunImport> begun = server.catalog().BeginImport({"board", "one", 1});
  REQUIRE(begun.ok());
  auto session = std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  Post post;
  post.id = 1;
  post.favorite_count = 4;
  post.duration_us = 2'500'000;
  const std::vector<ImportedTag> tags{{0, "cat", TagCategory::kGeneral}, {0, "hug", TagCategory::kGeneral}};
  REQUIRE(session->Stage(post, tags, {}).ok());
  const auto relate = [&](TagRelationKind kind, const char* from, const char* to, const char* status) {
    REQUIRE(session->StageTagRelation({kind, from, to, status, R"({"id":1})"}, {}).ok());
  };
  relate(TagRelationKind::kAlias, "neko", "cat", "active");
  relate(TagRelationKind::kAlias, "mew", "cat", "deleted");
  relate(TagRelationKind::kImplication, "cat", "animal", "active");
  relate(TagRelationKind::kImplication, "cat", "feline", "");
  TagFact hug;
  hug.name = "hug";
  hug.is_deprecated = true;
  hug.category = TagCategory::kGeneral;
  hug.extra_json = R"({"category":"0"})";
  REQUIRE(session->StageTag(hug).ok());
  REQUIRE(session->StageTag({7, "huge", TagCategory::kMeta, false, -2}).ok());
  REQUIRE(session->StageTag({8, "zoo", TagCategory::kUnspecified}).ok());
  for (int64_t id = 1; id <= 3; ++id) {
    REQUIRE(session->StagePool({id, "pool" + std::to_string(id), "series", id == 2, {9, 1, 9}, ""}).ok());
    REQUIRE(session->StageArtist({id, "artist" + std::to_string(id), {"also", "known"}, ""}).ok());
  }
  REQUIRE(session->Commit({}).ok());
  REQUIRE(CompileSnapshot(server.catalog(), server.snapshots(), "board").ok());
}

// All items of a listing, by pages of one.
template <typename Request, typename Response, typename Item>
std::vector<Item> ListAll(RpcServer& server,
                          grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                          const google::protobuf::RepeatedPtrField<Item>& (Response::*items)() const, Request request) {
  std::vector<Item> all;
  request.set_page_size(1);
  do {
    Response response;
    const grpc::Status status = Call(server.tag_stub, method, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    REQUIRE((response.*items)().size() <= 1);
    for (const Item& item : (response.*items)()) all.push_back(item);
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  return all;
}

std::vector<std::string> Relations(RpcServer& server, v1::ListTagRelationsRequest request) {
  std::vector<std::string> texts;
  for (const v1::TagRelation& relation :
       ListAll(server, &Stub::ListTagRelations, &v1::ListTagRelationsResponse::relations, std::move(request))) {
    texts.push_back((relation.kind() == v1::TAG_RELATION_KIND_ALIAS ? "alias " : "implication ") +
                    relation.antecedent_name() + " " + relation.consequent_name() + " " + relation.status());
  }
  return texts;
}

using Texts = std::vector<std::string>;

TEST_CASE("relations of a dataset are listed with every status, of a snapshot the active ones") {
  RpcServer server;
  Fill(server);
  v1::ListTagRelationsRequest request;
  request.set_dataset("board");
  const Texts aliases{"alias mew cat deleted", "alias neko cat active"};
  const Texts implications{"implication cat animal active", "implication cat feline "};
  Texts all = aliases;
  all.insert(all.end(), implications.begin(), implications.end());
  CHECK(Relations(server, request) == all);
  request.set_kind(v1::TAG_RELATION_KIND_ALIAS);
  CHECK(Relations(server, request) == aliases);
  request.set_kind(v1::TAG_RELATION_KIND_IMPLICATION);
  CHECK(Relations(server, request) == implications);

  v1::ListTagRelationsRequest of_snapshot;
  of_snapshot.set_snapshot(server.catalog().GetDataset("board")->newest_snapshot);
  CHECK(Relations(server, of_snapshot) ==
        Texts{"alias neko cat ", "implication cat animal ", "implication cat feline "});
  of_snapshot.set_kind(v1::TAG_RELATION_KIND_ALIAS);
  CHECK(Relations(server, of_snapshot) == Texts{"alias neko cat "});
  of_snapshot.set_kind(v1::TAG_RELATION_KIND_IMPLICATION);
  CHECK(Relations(server, of_snapshot) == Texts{"implication cat animal ", "implication cat feline "});
}

TEST_CASE("what lists told of tags is listed by name, with the source's words") {
  RpcServer server;
  Fill(server);
  v1::ListListedTagsRequest request;
  request.set_dataset("board");
  CHECK(ListAll(server, &Stub::ListListedTags, &v1::ListListedTagsResponse::tags, request).size() == 3);
  request.set_prefix("hug");
  const auto tags = ListAll(server, &Stub::ListListedTags, &v1::ListListedTagsResponse::tags, request);
  REQUIRE(tags.size() == 2);
  CHECK(tags[0].id() == 0);
  CHECK(tags[0].name() == "hug");
  CHECK(tags[0].category() == v1::TAG_CATEGORY_GENERAL);
  CHECK(tags[0].is_deprecated());
  CHECK_FALSE(tags[0].has_source_post_count());
  CHECK(tags[0].extra_json() == R"({"category":"0"})");
  CHECK(tags[1].id() == 7);
  CHECK(tags[1].source_post_count() == -2);
  CHECK(tags[1].extra_json().empty());
}

TEST_CASE("a pool's posts are told in its order to those who ask for them") {
  RpcServer server;
  Fill(server);
  v1::ListPoolsRequest request;
  request.set_dataset("board");
  request.set_with_post_ids(true);
  const auto all = ListAll(server, &Stub::ListPools, &v1::ListPoolsResponse::pools, request);
  REQUIRE(all.size() == 3);
  CHECK(std::vector<int64_t>(all[0].post_ids().begin(), all[0].post_ids().end()) == std::vector<int64_t>{9, 1, 9});
  request.set_pool_id(2);
  const auto one = ListAll(server, &Stub::ListPools, &v1::ListPoolsResponse::pools, request);
  REQUIRE(one.size() == 1);
  CHECK(one[0].id() == 2);
  CHECK(one[0].post_ids_size() == 3);
  request.set_pool_id(4);
  CHECK(ListAll(server, &Stub::ListPools, &v1::ListPoolsResponse::pools, request).empty());
  v1::ListPoolsResponse response;
  request.set_pool_id(-1);
  CHECK(FieldOf(Call(server.tag_stub, &Stub::ListPools, request, &response)) == "pool_id");
}

TEST_CASE("a page of large pools ends early, and the next goes on behind it") {
  RpcServer server;
  absl::StatusOr<BegunImport> begun = server.catalog().BeginImport({"board", "one", 1});
  REQUIRE(begun.ok());
  auto session = std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  // Ids of nine bytes each: 0.9 MB a pool.
  const std::vector<int64_t> post_ids(100'000, int64_t{1} << 60);
  for (int64_t id = 1; id <= 6; ++id) REQUIRE(session->StagePool({id, "p", "series", false, post_ids, ""}).ok());
  REQUIRE(session->Commit({}).ok());
  v1::ListPoolsRequest request;
  request.set_dataset("board");
  request.set_with_post_ids(true);
  int64_t next_id = 1;
  int page_count = 0;
  do {
    v1::ListPoolsResponse response;
    const grpc::Status status = Call(server.tag_stub, &Stub::ListPools, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    REQUIRE(response.ByteSizeLong() < size_t{4} << 20);
    for (const v1::ListedPool& pool : response.pools()) {
      CHECK(pool.id() == next_id++);
      CHECK(pool.post_ids_size() == 100'000);
    }
    ++page_count;
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  CHECK(next_id == 7);
  CHECK(page_count == 2);
}

TEST_CASE("a page of tags with much else ends early, and the next goes on behind it") {
  RpcServer server;
  absl::StatusOr<BegunImport> begun = server.catalog().BeginImport({"board", "one", 1});
  REQUIRE(begun.ok());
  auto session = std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  const std::string extra_json = R"({"words":")" + std::string(1'200'000, 'x') + R"("})";
  for (char c = 'a'; c <= 'l'; ++c) {
    TagFact tag;
    tag.name = std::string(1, c);
    tag.extra_json = extra_json;
    REQUIRE(session->StageTag(tag).ok());
  }
  REQUIRE(session->Commit({}).ok());
  v1::ListListedTagsRequest request;
  request.set_dataset("board");
  std::string names;
  int page_count = 0;
  do {
    v1::ListListedTagsResponse response;
    const grpc::Status status = Call(server.tag_stub, &Stub::ListListedTags, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    CHECK(response.tags_size() <= 3);
    for (const v1::ListedTag& tag : response.tags()) names += tag.name();
    ++page_count;
    request.set_page_token(response.next_page_token());
  } while (!request.page_token().empty());
  CHECK(names == "abcdefghijkl");
  CHECK(page_count <= 5);
}

TEST_CASE(
    "pages of artists and relations with much else end early, too, and pages of pools for posts that they do not "
    "show") {
  RpcServer server;
  absl::StatusOr<BegunImport> begun = server.catalog().BeginImport({"board", "one", 1});
  REQUIRE(begun.ok());
  auto session = std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  const std::string much(1'200'000, 'x');
  constexpr int64_t kCount = 12;
  for (int64_t id = 1; id <= kCount; ++id) {
    const std::string name = "n" + std::to_string(100 + id);
    REQUIRE(session->StageArtist({id, name, {much}, ""}).ok());
    REQUIRE(session->StageTagRelation({TagRelationKind::kAlias, name, "to", "active", much}, {}).ok());
    // Ids of a byte in an answer, if it told them, and of eight in memory.
    REQUIRE(session->StagePool({id, name, "series", false, std::vector<int64_t>(300'000, 1), ""}).ok());
  }
  REQUIRE(session->Commit({}).ok());
  // How many pages a listing has; each goes on where the one before ended.
  const auto count_pages = [&](auto method, auto items_of, auto name_of, auto request, auto response) {
    request.set_dataset("board");
    int page_count = 0;
    int64_t item_count = 0;
    do {
      response.Clear();
      const grpc::Status status = Call(server.tag_stub, method, request, &response);
      INFO(status.error_message());
      REQUIRE(status.ok());
      for (const auto& item : items_of(response)) {
        REQUIRE(name_of(item) == "n" + std::to_string(100 + ++item_count));
      }
      ++page_count;
      request.set_page_token(response.next_page_token());
    } while (!request.page_token().empty());
    CHECK(item_count == kCount);
    return page_count;
  };
  const auto name_of = [](const auto& item) { return item.name(); };
  CHECK(count_pages(
            &Stub::ListArtists, [](const auto& response) { return response.artists(); }, name_of,
            v1::ListArtistsRequest(), v1::ListArtistsResponse()) >= 3);
  CHECK(count_pages(
            &Stub::ListTagRelations, [](const auto& response) { return response.relations(); },
            [](const auto& relation) { return relation.antecedent_name(); }, v1::ListTagRelationsRequest(),
            v1::ListTagRelationsResponse()) >= 3);
  CHECK(count_pages(
            &Stub::ListPools, [](const auto& response) { return response.pools(); }, name_of, v1::ListPoolsRequest(),
            v1::ListPoolsResponse()) >= 3);
}

TEST_CASE("a page ends before an item that would make it larger than what the server sends") {
  RpcServer server({.sent_message_size_bytes_max = 2 << 20});
  absl::StatusOr<BegunImport> begun = server.catalog().BeginImport({"board", "one", 1});
  REQUIRE(begun.ok());
  auto session = std::get<std::unique_ptr<ImportSession>>(*std::move(begun));
  const auto extra_of = [](size_t size_bytes) { return R"({"words":")" + std::string(size_bytes, 'x') + R"("})"; };
  REQUIRE(session->StagePool({1, "small", "series", false, {}, extra_of(500'000)}).ok());
  REQUIRE(session->StagePool({2, "large", "series", false, {}, extra_of(1'500'000)}).ok());
  REQUIRE(session->StagePool({3, "too large", "series", false, {}, extra_of(3'000'000)}).ok());
  REQUIRE(session->Commit({}).ok());
  v1::ListPoolsRequest request;
  request.set_dataset("board");
  for (const std::string name : {"small", "large"}) {
    v1::ListPoolsResponse response;
    REQUIRE(Call(server.tag_stub, &Stub::ListPools, request, &response).ok());
    REQUIRE(response.pools_size() == 1);
    CHECK(response.pools(0).name() == name);
    request.set_page_token(response.next_page_token());
  }
  v1::ListPoolsResponse refused;
  const grpc::Status status = Call(server.tag_stub, &Stub::ListPools, request, &refused);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK_THAT(status.error_message(), Catch::Contains("page_size"));
  // Asked for by its id a pool is all there is, however much it fills.
  request.clear_page_token();
  request.set_pool_id(2);
  v1::ListPoolsResponse response;
  REQUIRE(Call(server.tag_stub, &Stub::ListPools, request, &response).ok());
  CHECK(response.pools(0).name() == "large");
  CHECK(response.next_page_token().empty());
}

TEST_CASE("pools and artists are listed") {
  RpcServer server;
  Fill(server);
  v1::ListPoolsRequest pools_request;
  pools_request.set_dataset("board");
  const auto pools = ListAll(server, &Stub::ListPools, &v1::ListPoolsResponse::pools, pools_request);
  REQUIRE(pools.size() == 3);
  CHECK(pools[1].name() == "pool2");
  CHECK(pools[1].is_deleted());
  CHECK(pools[2].post_count() == 3);
  CHECK(pools[2].post_ids().empty());
  v1::ListArtistsRequest artists_request;
  artists_request.set_dataset("board");
  const auto artists = ListAll(server, &Stub::ListArtists, &v1::ListArtistsResponse::artists, artists_request);
  REQUIRE(artists.size() == 3);
  CHECK(artists[2].name() == "artist3");
  CHECK(artists[2].other_names_size() == 2);
}

TEST_CASE("what lists told shows in posts and tags, of the dataset and of its snapshot") {
  RpcServer server;
  Fill(server);
  const bool is_snapshot = GENERATE(false, true);
  v1::GetPostRequest post_request;
  v1::GetTagRequest tag_request;
  const std::string digest = server.catalog().GetDataset("board")->newest_snapshot;
  if (is_snapshot) {
    post_request.set_snapshot(digest);
    tag_request.set_snapshot(digest);
  } else {
    post_request.set_dataset("board");
    tag_request.set_dataset("board");
  }
  post_request.set_id(1);
  tag_request.set_name("hug");
  v1::GetPostResponse post;
  REQUIRE(Call(server.catalog_stub, &v1::CatalogService::Stub::GetPost, post_request, &post).ok());
  CHECK(post.post().favorite_count() == 4);
  CHECK(post.post().duration_us() == 2'500'000);
  REQUIRE(post.post().pools_size() == 2);  // the deleted one is not told
  CHECK(post.post().pools(1).id() == 3);
  CHECK(post.post().pools(1).kind() == "series");
  v1::GetTagResponse tag;
  REQUIRE(Call(server.catalog_stub, &v1::CatalogService::Stub::GetTag, tag_request, &tag).ok());
  CHECK(tag.tag().is_deprecated());
}

TEST_CASE("requests that cannot be answered name the field") {
  RpcServer server;
  Fill(server);
  v1::ListTagRelationsRequest request;
  v1::ListTagRelationsResponse response;
  const auto fails = [&] { return Call(server.tag_stub, &Stub::ListTagRelations, request, &response); };
  CHECK(FieldOf(fails()) == "scope");
  request.set_dataset("elsewhere");
  CHECK(ReasonOf(fails()) == "DATASET_NOT_FOUND");
  request.set_dataset("board");
  request.set_kind(static_cast<v1::TagRelationKind>(9));
  CHECK(FieldOf(fails()) == "kind");
  request.clear_kind();
  request.set_page_token("junk");
  CHECK(ReasonOf(fails()) == "PAGE_TOKEN_INVALID");
  v1::ListPoolsRequest pools_request;
  v1::ListPoolsResponse pools;
  CHECK(FieldOf(Call(server.tag_stub, &Stub::ListPools, pools_request, &pools)) == "dataset");
}

}  // namespace
}  // namespace millrace
