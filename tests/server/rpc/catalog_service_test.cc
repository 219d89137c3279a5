// Goal: datasets and snapshots answer every question alike, pages join to the whole, samples are distinct and
// repeatable, and bad requests are named. Method: a real server over a dataset of known posts; each question asked of
// the dataset and of its snapshot.
#include "server/rpc/catalog_service.h"

#include <algorithm>
#include <set>

#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

using Stub = v1::CatalogService::Stub;

constexpr int64_t kPostCount = 250;

// A server with the posts 1 to 250 in the dataset "d".
struct Fixture {
  explicit Fixture(const RpcServerOptions& options = {}) : server(options) {}

  RpcServer server;
  std::string snapshot = ImportPosts(server, "d", kPostCount);

  template <typename Request, typename Response>
  Response Ok(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request) {
    Response response;
    const grpc::Status status = Call(server.catalog_stub, method, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    return response;
  }
  template <typename Request, typename Response>
  grpc::Status Fails(grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                     const Request& request) {
    Response response;
    return Call(server.catalog_stub, method, request, &response);
  }
  // The same request over the dataset, and over the snapshot by digest and by prefix.
  template <typename Request>
  std::vector<Request> Scopes(Request request = {}) const {
    std::vector<Request> requests(3, request);
    requests[0].set_dataset("d");
    requests[1].set_snapshot(snapshot);
    requests[2].set_snapshot(snapshot.substr(0, 8));
    return requests;
  }
};

TEST_CASE("datasets are listed by name, in pages") {
  Fixture fixture;
  ImportPosts(fixture.server, "a", 3);
  ImportPosts(fixture.server, "c", 4);
  v1::ListDatasetsRequest request;
  request.set_page_size(2);
  const auto first = fixture.Ok(&Stub::ListDatasets, request);
  REQUIRE(first.datasets_size() == 2);
  CHECK(first.datasets(0).name() == "a");
  CHECK(first.datasets(1).name() == "c");
  CHECK(first.datasets(1).post_count() == 4);
  request.set_page_token(first.next_page_token());
  const auto second = fixture.Ok(&Stub::ListDatasets, request);
  REQUIRE(second.datasets_size() == 1);
  CHECK(second.datasets(0).name() == "d");
  CHECK(second.datasets(0).newest_snapshot() == fixture.snapshot);
  CHECK(second.next_page_token().empty());
}

TEST_CASE("stats of a dataset and of its snapshot agree") {
  Fixture fixture;
  const auto requests = fixture.Scopes<v1::GetStatsRequest>();
  v1::Stats stats = fixture.Ok(&Stub::GetStats, requests[0]).stats();
  CHECK(stats.post_count() == kPostCount);
  CHECK(stats.tag_count() == 3 + 97);
  CHECK(stats.tag_use_count() == kPostCount * 2 + kPostCount / 2 + kPostCount / 3);
  CHECK(stats.min_post_id() == 1);
  CHECK(stats.max_post_id() == kPostCount);
  REQUIRE(stats.ratings_size() == 1);
  CHECK(stats.ratings(0).rating() == v1::RATING_SAFE);
  REQUIRE(stats.categories_size() == 3);
  CHECK(stats.categories(0).category() == v1::TAG_CATEGORY_GENERAL);
  REQUIRE(stats.has_last_import());
  CHECK(stats.last_import().post_count() == kPostCount);
  CHECK(stats.last_import().committed_at().seconds() > 0);
  stats.clear_last_import();
  for (size_t i = 1; i < requests.size(); ++i) {
    CHECK(fixture.Ok(&Stub::GetStats, requests[i]).stats().SerializeAsString() == stats.SerializeAsString());
  }
}

TEST_CASE("a tag is found by id and by name") {
  Fixture fixture;
  for (v1::GetTagRequest request : fixture.Scopes<v1::GetTagRequest>()) {
    request.set_id(2);
    v1::GetTagResponse response = fixture.Ok(&Stub::GetTag, request);
    CHECK(response.tag().name() == "even");
    CHECK(response.tag().category() == v1::TAG_CATEGORY_GENERAL);
    CHECK(response.tag().post_count() == kPostCount / 2);
    request.set_name("three");
    request.set_category(v1::TAG_CATEGORY_ARTIST);
    response = fixture.Ok(&Stub::GetTag, request);
    CHECK(response.tag().id() == 3);
    CHECK(response.namesakes_size() == 0);
    request.set_category(v1::TAG_CATEGORY_META);
    CHECK(ReasonOf(fixture.Fails(&Stub::GetTag, request)) == "TAG_NOT_FOUND");
    request.clear_category();
    request.set_name("no such tag");
    CHECK(ReasonOf(fixture.Fails(&Stub::GetTag, request)) == "TAG_NOT_FOUND");
    request.set_id(-5);
    CHECK(ReasonOf(fixture.Fails(&Stub::GetTag, request)) == "TAG_NOT_FOUND");
  }
}

// All tags that a request lists, over pages of `page_size`.
std::vector<std::string> TagNames(Fixture& fixture, v1::ListTagsRequest request, int32_t page_size) {
  std::vector<std::string> names;
  request.set_page_size(page_size);
  do {
    const v1::ListTagsResponse page = fixture.Ok(&Stub::ListTags, request);
    REQUIRE(page.tags_size() <= page_size);
    for (const v1::Tag& tag : page.tags()) names.push_back(tag.name());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return names;
}

TEST_CASE("pages of tags join to the whole listing, in every order and scope") {
  Fixture fixture;
  for (const v1::TagOrder order : {v1::TAG_ORDER_UNSPECIFIED, v1::TAG_ORDER_NAME, v1::TAG_ORDER_POST_COUNT}) {
    std::vector<std::string> expected;
    for (v1::ListTagsRequest request : fixture.Scopes<v1::ListTagsRequest>()) {
      request.set_order(order);
      const std::vector<std::string> whole = TagNames(fixture, request, 1000);
      CHECK(whole.size() == 100);
      if (order == v1::TAG_ORDER_POST_COUNT) {
        CHECK(whole[0] == "everything");
      } else {
        CHECK(std::is_sorted(whole.begin(), whole.end()));
      }
      CHECK(TagNames(fixture, request, 7) == whole);
      if (expected.empty()) expected = whole;
      CHECK(whole == expected);
    }
  }
}

TEST_CASE("tags are filtered by prefix, category and count") {
  Fixture fixture;
  for (v1::ListTagsRequest request : fixture.Scopes<v1::ListTagsRequest>()) {
    request.set_prefix("ev");
    CHECK(TagNames(fixture, request, 10) == std::vector<std::string>{"even", "everything"});
    request.set_min_post_count(kPostCount);
    CHECK(TagNames(fixture, request, 10) == std::vector<std::string>{"everything"});
    request.clear_prefix();
    request.clear_min_post_count();
    request.set_category(v1::TAG_CATEGORY_ARTIST);
    CHECK(TagNames(fixture, request, 10) == std::vector<std::string>{"three"});
  }
}

TEST_CASE("a post is found by id and md5, whole, and the same in dataset and snapshot") {
  Fixture fixture;
  std::string expected;
  for (v1::GetPostRequest request : fixture.Scopes<v1::GetPostRequest>()) {
    request.set_id(6);
    v1::Post post = fixture.Ok(&Stub::GetPost, request).post();
    CHECK(post.id() == 6);
    CHECK(post.location() == "original/0006/6.png");
    REQUIRE(post.tags_size() == 4);
    CHECK(post.tags(0).id() == 1);
    CHECK(post.tags(1).name() == "even");
    CHECK_FALSE(post.tags(0).has_post_count());
    CHECK(post.has_row() == request.has_snapshot());
    if (request.has_snapshot()) CHECK(post.row() == 5);
    request.set_md5(post.md5());
    CHECK(fixture.Ok(&Stub::GetPost, request).post().SerializeAsString() == post.SerializeAsString());
    post.clear_row();
    if (expected.empty()) expected = post.SerializeAsString();
    CHECK(post.SerializeAsString() == expected);
    request.set_md5(std::string(32, 'f'));
    CHECK(ReasonOf(fixture.Fails(&Stub::GetPost, request)) == "POST_NOT_FOUND");
    request.set_id(kPostCount + 1);
    CHECK(ReasonOf(fixture.Fails(&Stub::GetPost, request)) == "POST_NOT_FOUND");
  }
}

TEST_CASE("several posts come in the order asked for, with what is missing listed") {
  Fixture fixture;
  for (v1::BatchGetPostsRequest request : fixture.Scopes<v1::BatchGetPostsRequest>()) {
    for (const int64_t id : {9, 9999, 2, 9, -1}) request.add_ids(id);
    const auto response = fixture.Ok(&Stub::BatchGetPosts, request);
    REQUIRE(response.posts_size() == 3);
    CHECK(response.posts(0).id() == 9);
    CHECK(response.posts(1).id() == 2);
    CHECK(response.posts(2).SerializeAsString() == response.posts(0).SerializeAsString());
    REQUIRE(response.missing_ids_size() == 2);
    CHECK(response.missing_ids(0) == 9999);
    CHECK(response.missing_ids(1) == -1);
  }
}

TEST_CASE("pages of posts join to the whole dataset in order of id") {
  Fixture fixture;
  for (v1::ListPostsRequest request : fixture.Scopes<v1::ListPostsRequest>()) {
    for (const int32_t page_size : {0, 7, 250, 1'000'000}) {
      request.clear_page_token();
      request.set_page_size(page_size);
      int64_t next_id = 1;
      do {
        const auto page = fixture.Ok(&Stub::ListPosts, request);
        for (const v1::Post& post : page.posts()) REQUIRE(post.id() == next_id++);
        request.set_page_token(page.next_page_token());
      } while (!request.page_token().empty());
      CHECK(next_id == kPostCount + 1);
    }
  }
}

TEST_CASE("a page of posts ends early rather than grow beyond what clients take by default") {
  Fixture fixture;
  std::string dump;
  const std::string source(100'000, 's');
  for (int64_t id = 1; id <= 60; ++id) {
    std::string line = DumpLine(id);
    line.replace(line.find("https://"), 8, source);
    dump += line;
  }
  const ImportReply reply = ImportJsonl(fixture.server, JsonlStart("large", "r"), dump);
  REQUIRE(reply.status.ok());
  v1::ListPostsRequest request;
  for (const bool of_snapshot : {false, true}) {
    request.clear_page_token();
    request.set_dataset("large");
    if (of_snapshot) request.set_snapshot(reply.result->snapshot());
    int64_t next_id = 1;
    int page_count = 0;
    do {
      const auto page = fixture.Ok(&Stub::ListPosts, request);
      ++page_count;
      CHECK(page.ByteSizeLong() < 4 << 20);
      for (const v1::Post& post : page.posts()) REQUIRE(post.id() == next_id++);
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty());
    CHECK(next_id == 61);
    CHECK(page_count == 2);
  }
}

TEST_CASE("answers with more posts than the server sends are refused with a reason, in the log too") {
  Fixture fixture({.sent_message_size_bytes_max = 1 << 20});
  std::string dump;
  for (int64_t id = 1; id <= 12; ++id) {
    std::string line = DumpLine(id);
    line.replace(line.find("https://"), 8, std::string(id == 12 ? 2'000'000 : 150'000, 's'));
    dump += line;
  }
  const ImportReply reply = ImportJsonl(fixture.server, JsonlStart("large", "r"), dump);
  REQUIRE(reply.status.ok());
  size_t call_count = 2;  // the imports
  int64_t refused_count = 0;
  const auto is_refused = [&](auto method, const auto& request, const std::string& field) {
    const grpc::Status status = fixture.Fails(method, request);
    INFO(status.error_message());
    CHECK(ReasonOf(status) == "FIELD_INVALID");
    CHECK(FieldOf(status) == field);
    CHECK(status.error_message().find("--max-message-bytes") != std::string::npos);
    ++call_count;
    ++refused_count;
  };
  for (const bool of_snapshot : {false, true}) {
    v1::BatchGetPostsRequest posts;
    v1::GetPostRequest post;
    v1::ListPostsRequest list;
    posts.set_dataset("large");
    post.set_dataset("large");
    list.set_dataset("large");
    if (of_snapshot) {
      posts.set_snapshot(reply.result->snapshot());
      post.set_snapshot(reply.result->snapshot());
      list.set_snapshot(reply.result->snapshot());
    }
    for (int64_t id = 1; id <= 6; ++id) posts.add_ids(id);
    CHECK(fixture.Ok(&Stub::BatchGetPosts, posts).posts_size() == 6);
    ++call_count;
    posts.add_ids(7);
    is_refused(&Stub::BatchGetPosts, posts, "ids");
    // The same one again and again counts each time.
    posts.clear_ids();
    for (int i = 0; i < 1000; ++i) posts.add_ids(1);
    is_refused(&Stub::BatchGetPosts, posts, "ids");
    post.set_id(12);
    is_refused(&Stub::GetPost, post, "key");
    // Pages end before the bound; only a post that is too large by itself cannot be listed.
    int64_t next_id = 1;
    while (next_id < 12) {
      const auto page = fixture.Ok(&Stub::ListPosts, list);
      for (const v1::Post& listed : page.posts()) REQUIRE(listed.id() == next_id++);
      list.set_page_token(page.next_page_token());
      ++call_count;
    }
    is_refused(&Stub::ListPosts, list, "page_size");
  }
  v1::SamplePostsRequest sample;
  sample.set_dataset("large");
  sample.set_size(7);
  sample.mutable_ids()->set_start(1);
  sample.mutable_ids()->set_end(12);
  is_refused(&Stub::SamplePosts, sample, "size");
  const std::vector<CallRecord> records = fixture.server.call_log().WaitFor(call_count);
  CHECK(std::count_if(records.begin(), records.end(), [](const CallRecord& record) {
          return record.code == "INVALID_ARGUMENT" && record.reason == "FIELD_INVALID";
        }) == refused_count);
}

TEST_CASE("a sample is distinct, within its range, and the same for the same seed") {
  Fixture fixture;
  for (v1::SamplePostsRequest request : fixture.Scopes<v1::SamplePostsRequest>()) {
    request.set_size(40);
    request.mutable_ids()->set_start(100);
    request.mutable_ids()->set_end(200);
    const auto first = fixture.Ok(&Stub::SamplePosts, request);
    CHECK(first.range_post_count() == 100);
    CHECK(first.snapshot() == fixture.snapshot);
    std::set<int64_t> ids;
    for (const v1::Post& post : first.posts()) {
      CHECK(post.id() >= 100);
      CHECK(post.id() < 200);
      CHECK(ids.insert(post.id()).second);
    }
    CHECK(ids.size() == 40);
    request.set_seed(first.seed());
    CHECK(fixture.Ok(&Stub::SamplePosts, request).SerializeAsString() == first.SerializeAsString());
    // Rows 99 to 198 hold the ids 100 to 199: the same range, the same sample.
    request.mutable_rows()->set_start(99);
    request.mutable_rows()->set_end(199);
    CHECK(fixture.Ok(&Stub::SamplePosts, request).SerializeAsString() == first.SerializeAsString());
    request.set_seed(first.seed() + 1);
    CHECK(fixture.Ok(&Stub::SamplePosts, request).posts(0).SerializeAsString() +
              fixture.Ok(&Stub::SamplePosts, request).posts(1).SerializeAsString() !=
          first.posts(0).SerializeAsString() + first.posts(1).SerializeAsString());
  }
}

TEST_CASE("a sample may take all that a range holds, and is told how many that is when it asks for more") {
  Fixture fixture;
  v1::SamplePostsRequest request;
  request.set_dataset("d");
  request.set_size(kPostCount);
  std::set<int64_t> ids;
  const auto sample = fixture.Ok(&Stub::SamplePosts, request);
  for (const v1::Post& post : sample.posts()) ids.insert(post.id());
  CHECK(ids.size() == kPostCount);
  request.set_size(kPostCount + 1);
  grpc::Status status = fixture.Fails(&Stub::SamplePosts, request);
  CHECK(status.error_code() == grpc::StatusCode::OUT_OF_RANGE);
  CHECK(ErrorDetailsOf(status).info.metadata().at("range_post_count") == "250");
  CHECK(status.error_message().find("250") != std::string::npos);
  // Behind the last post: an empty range.
  request.set_size(1);
  request.mutable_rows()->set_start(kPostCount);
  request.mutable_rows()->set_end(kPostCount + 10);
  CHECK(ReasonOf(fixture.Fails(&Stub::SamplePosts, request)) == "SAMPLE_TOO_LARGE");
}

TEST_CASE("sampling needs a snapshot") {
  Fixture fixture;
  v1::ImportStart start = JsonlStart("bare", "r");
  start.set_skip_snapshot(true);
  REQUIRE(ImportJsonl(fixture.server, start, Dump(5)).status.ok());
  v1::SamplePostsRequest request;
  request.set_dataset("bare");
  request.set_size(1);
  const grpc::Status status = fixture.Fails(&Stub::SamplePosts, request);
  CHECK(status.error_code() == grpc::StatusCode::FAILED_PRECONDITION);
  CHECK(ReasonOf(status) == "SNAPSHOT_REQUIRED");
}

TEST_CASE("requests out of range are refused by field") {
  Fixture fixture;
  const auto tag_field = [&](auto spoil) {
    v1::GetTagRequest request;
    request.set_dataset("d");
    request.set_name("even");
    spoil(request);
    return FieldOf(fixture.Fails(&Stub::GetTag, request));
  };
  CHECK(tag_field([](auto& request) { request.clear_dataset(); }) == "scope");
  CHECK(tag_field([](auto& request) { request.clear_name(); }) == "key");
  CHECK(tag_field([](auto& request) { request.set_dataset("No/Name"); }) == "dataset");
  CHECK(tag_field([](auto& request) { request.set_snapshot("abc"); }) == "snapshot");
  CHECK(tag_field([](auto& request) { request.set_snapshot("../../etc/passwd"); }) == "snapshot");
  CHECK(tag_field([](auto& request) { request.set_category(static_cast<v1::TagCategory>(10)); }) == "category");

  const auto list_field = [&](auto spoil) {
    v1::ListTagsRequest request;
    request.set_dataset("d");
    spoil(request);
    return FieldOf(fixture.Fails(&Stub::ListTags, request));
  };
  CHECK(list_field([](auto& request) { request.set_page_size(-1); }) == "page_size");
  CHECK(list_field([](auto& request) { request.set_order(static_cast<v1::TagOrder>(-1)); }) == "order");
  CHECK(list_field([](auto& request) { request.set_min_post_count(-1); }) == "min_post_count");

  const auto sample_field = [&](auto spoil) {
    v1::SamplePostsRequest request;
    request.set_dataset("d");
    request.set_size(1);
    spoil(request);
    return FieldOf(fixture.Fails(&Stub::SamplePosts, request));
  };
  CHECK(sample_field([](auto& request) { request.set_size(0); }) == "size");
  CHECK(sample_field([](auto& request) { request.set_size(1001); }) == "size");
  CHECK(sample_field([](auto& request) { request.mutable_ids(); }) == "ids.end");
  CHECK(sample_field([](auto& request) {
          request.mutable_rows()->set_start(-1);
          request.mutable_rows()->set_end(5);
        }) == "rows.start");

  v1::GetPostRequest post;
  post.set_dataset("d");
  CHECK(FieldOf(fixture.Fails(&Stub::GetPost, post)) == "key");
  post.set_md5("xyz");
  CHECK(FieldOf(fixture.Fails(&Stub::GetPost, post)) == "md5");
  v1::BatchGetPostsRequest posts;
  posts.set_dataset("d");
  for (int i = 0; i < 1001; ++i) posts.add_ids(1);
  CHECK(FieldOf(fixture.Fails(&Stub::BatchGetPosts, posts)) == "ids");
}

TEST_CASE("unknown datasets and snapshots are not found, by every question") {
  Fixture fixture;
  const std::string unknown(64, '0');
  const auto check = [&](auto method, auto request) {
    request.set_dataset("unknown");
    CHECK(ReasonOf(fixture.Fails(method, request)) == "DATASET_NOT_FOUND");
    request.set_snapshot(unknown);
    CHECK(ReasonOf(fixture.Fails(method, request)) == "SNAPSHOT_NOT_FOUND");
  };
  check(&Stub::GetStats, v1::GetStatsRequest());
  check(&Stub::ListTags, v1::ListTagsRequest());
  check(&Stub::ListPosts, v1::ListPostsRequest());
  check(&Stub::BatchGetPosts, v1::BatchGetPostsRequest());
  v1::GetTagRequest tag;
  tag.set_id(1);
  check(&Stub::GetTag, tag);
  v1::GetPostRequest post;
  post.set_id(1);
  check(&Stub::GetPost, post);
  v1::SamplePostsRequest sample;
  sample.set_size(1);
  check(&Stub::SamplePosts, sample);
}

TEST_CASE("a page token of another listing is refused") {
  Fixture fixture;
  v1::ListPostsRequest posts;
  posts.set_dataset("d");
  posts.set_page_size(10);
  const std::string token = fixture.Ok(&Stub::ListPosts, posts).next_page_token();
  REQUIRE_FALSE(token.empty());
  v1::ListTagsRequest tags;
  tags.set_dataset("d");
  tags.set_page_token(token);
  CHECK(ReasonOf(fixture.Fails(&Stub::ListTags, tags)) == "PAGE_TOKEN_INVALID");
  posts.set_snapshot(fixture.snapshot);
  posts.set_page_token(token);
  CHECK(ReasonOf(fixture.Fails(&Stub::ListPosts, posts)) == "PAGE_TOKEN_INVALID");
}

}  // namespace
}  // namespace millrace
