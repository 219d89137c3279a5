// Goal: batches of columns over the wire are the batches of rows, unary and streamed, whole and in parts. Method: a
// plan over 1,000 posts, every step asked for both ways.
#include <algorithm>
#include <cstring>
#include <utility>

#include "core/base/error.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "tests/server/rpc/error_details.h"
#include "tests/server/rpc/import_client.h"
#include "tests/server/rpc/rpc_fixture.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr int64_t kPostCount = 1000;

template <typename T>
std::vector<T> ValuesOf(const v1::Batch& batch, const std::string& body, const std::string& name) {
  for (const v1::Column& column : batch.columns()) {
    if (column.name() != name) continue;
    std::vector<T> values(static_cast<size_t>(column.size_bytes()) / sizeof(T));
    std::memcpy(values.data(), body.data() + column.offset_bytes(), values.size() * sizeof(T));
    return values;
  }
  FAIL("no column " << name);
  return {};
}

struct Fixture {
  explicit Fixture(const RpcServerOptions& options = {}) : server(options) {
    v1::CreatePlanRequest request;
    request.mutable_spec()->set_snapshot(ImportPosts(server, "d", kPostCount));
    request.mutable_spec()->set_batch_size(100);
    v1::CreatePlanResponse response;
    REQUIRE(Call(server.plan_stub, &v1::PlanService::Stub::CreatePlan, request, &response).ok());
    plan_id = response.plan().id();
  }

  v1::GetBatchRequest Request(int64_t step) const {
    v1::GetBatchRequest request;
    request.set_plan_id(plan_id);
    request.set_split("train");
    request.set_step(step);
    return request;
  }
  v1::GetBatchResponse Get(const v1::GetBatchRequest& request) {
    v1::GetBatchResponse response;
    const grpc::Status status = Call(server.loader_stub, &v1::LoaderService::Stub::GetBatch, request, &response);
    INFO(status.error_message());
    REQUIRE(status.ok());
    return response;
  }

  RpcServer server;
  std::string plan_id;
};

v1::GetBatchRequest AsColumns(v1::GetBatchRequest request) {
  request.mutable_projection()->set_encoding(v1::BATCH_ENCODING_COLUMNS);
  return request;
}

void CheckSame(const v1::Batch& rows, const v1::Batch& columns, const std::string& body) {
  const std::vector<int64_t> ids = ValuesOf<int64_t>(columns, body, "id");
  CHECK(ids == std::vector<int64_t>(rows.post_ids().begin(), rows.post_ids().end()));
  CHECK(ValuesOf<int64_t>(columns, body, "row") == std::vector<int64_t>(rows.rows().begin(), rows.rows().end()));
  const std::vector<int32_t> offsets = ValuesOf<int32_t>(columns, body, "tags.offsets");
  const std::vector<int64_t> tags = ValuesOf<int64_t>(columns, body, "tags.values");
  const std::vector<uint8_t> ratings = ValuesOf<uint8_t>(columns, body, "rating");
  REQUIRE(static_cast<int>(ids.size()) == rows.posts_size());
  for (int i = 0; i < rows.posts_size(); ++i) {
    const auto place = static_cast<size_t>(i);
    CHECK(ratings[place] == rows.posts(i).rating());
    REQUIRE(offsets[place + 1] - offsets[place] == rows.posts(i).tags_size());
    for (int t = 0; t < rows.posts(i).tags_size(); ++t) {
      CHECK(tags[static_cast<size_t>(offsets[place] + t)] == rows.posts(i).tags(t).id());
    }
  }
  v1::Batch head = rows;
  head.clear_posts();
  head.clear_post_ids();
  head.clear_rows();
  v1::Batch column_head = columns;
  column_head.clear_columns();
  column_head.clear_body_size_bytes();
  CHECK(head.SerializeAsString() == column_head.SerializeAsString());
}

TEST_CASE("a batch of columns is the batch of rows") {
  Fixture fixture;
  for (int64_t step = 0; step < 8; ++step) {
    const v1::GetBatchResponse columns = fixture.Get(AsColumns(fixture.Request(step)));
    CheckSame(fixture.Get(fixture.Request(step)).batch(), columns.batch(), columns.body());
  }
}

TEST_CASE("ranks' columns are slices of the global batch") {
  Fixture fixture;
  std::vector<int64_t> joined;
  for (int rank = 0; rank < 3; ++rank) {
    v1::GetBatchRequest request = AsColumns(fixture.Request(2));
    request.set_rank(rank);
    request.set_world_size(3);
    const v1::GetBatchResponse response = fixture.Get(request);
    const std::vector<int64_t> ids = ValuesOf<int64_t>(response.batch(), response.body(), "id");
    joined.insert(joined.end(), ids.begin(), ids.end());
  }
  const v1::GetBatchResponse whole = fixture.Get(AsColumns(fixture.Request(2)));
  CHECK(joined == ValuesOf<int64_t>(whole.batch(), whole.body(), "id"));
}

TEST_CASE("streamed columns come in parts, which together are what GetBatch gives") {
  Fixture fixture({.part_size_bytes_max = 128});
  v1::StreamBatchesRequest request;
  request.set_plan_id(fixture.plan_id);
  request.set_split("train");
  request.mutable_projection()->set_encoding(v1::BATCH_ENCODING_COLUMNS);
  const auto context = MakeContext();
  const auto reader = fixture.server.loader_stub->StreamBatches(context.get(), request);
  int64_t step = 0;
  v1::StreamBatchesResponse part;
  while (reader->Read(&part)) {
    REQUIRE(part.has_batch());
    const v1::Batch batch = part.batch();
    std::string body = part.body();
    int part_count = 1;
    while (static_cast<int64_t>(body.size()) < batch.body_size_bytes()) {
      REQUIRE(reader->Read(&part));
      REQUIRE_FALSE(part.has_batch());
      REQUIRE(part.body_offset_bytes() == static_cast<int64_t>(body.size()));
      body += part.body();
      ++part_count;
    }
    CHECK(part_count > 10);
    const v1::GetBatchResponse whole = fixture.Get(AsColumns(fixture.Request(step++)));
    CHECK(batch.SerializeAsString() == whole.batch().SerializeAsString());
    CHECK(body == whole.body());
  }
  CHECK(reader->Finish().ok());
  CHECK(step == 8);
}

TEST_CASE("labels are those of the vocabulary, and the batch says which it is") {
  Fixture fixture;
  v1::CreateVocabularyRequest create;
  create.set_name("taggers");
  create.mutable_selection()->set_dataset("d");
  v1::CreateVocabularyResponse created;
  REQUIRE(Call(fixture.server.vocabulary_stub, &v1::VocabularyService::Stub::CreateVocabulary, create, &created).ok());
  v1::ListVocabularyEntriesRequest list;
  list.set_vocabulary("taggers");
  v1::ListVocabularyEntriesResponse entries;
  REQUIRE(
      Call(fixture.server.vocabulary_stub, &v1::VocabularyService::Stub::ListVocabularyEntries, list, &entries).ok());

  v1::GetBatchRequest request = AsColumns(fixture.Request(1));
  request.mutable_projection()->mutable_labels()->set_vocabulary("taggers");
  const v1::GetBatchResponse response = fixture.Get(request);
  CHECK(response.batch().vocabulary() == created.vocabulary().digest());
  CHECK(response.batch().label_count() == entries.entries_size());
  // Every tag of the dataset is a label, so labels and tags are the same lists.
  const std::vector<int32_t> labels = ValuesOf<int32_t>(response.batch(), response.body(), "labels.values");
  std::vector<int64_t> tag_ids;
  for (const int32_t label : labels) tag_ids.push_back(entries.entries(label).tag_id());
  CHECK(tag_ids == ValuesOf<int64_t>(response.batch(), response.body(), "tags.values"));
  CHECK_FALSE(tag_ids.empty());

  request.mutable_projection()->mutable_labels()->set_vocabulary("unknown");
  v1::GetBatchResponse none;
  const grpc::Status status = Call(fixture.server.loader_stub, &v1::LoaderService::Stub::GetBatch, request, &none);
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE("rows hold the fields asked for, and no others") {
  Fixture fixture;
  v1::GetBatchRequest request = fixture.Request(0);
  request.mutable_projection()->add_fields("rating");
  v1::Batch whole = fixture.Get(fixture.Request(0)).batch();
  for (v1::Post& post : *whole.mutable_posts()) {
    v1::Post kept;
    kept.set_id(post.id());
    kept.set_row(post.row());
    kept.set_rating(post.rating());
    post = kept;
  }
  CHECK(fixture.Get(request).batch().SerializeAsString() == whole.SerializeAsString());
}

TEST_CASE("a batch of columns that is larger than the server sends is refused before it is made") {
  Fixture fixture({.sent_message_size_bytes_max = 2000});
  const v1::GetBatchRequest request = AsColumns(fixture.Request(0));
  v1::GetBatchResponse response;
  const grpc::Status status = Call(fixture.server.loader_stub, &v1::LoaderService::Stub::GetBatch, request, &response);
  CHECK(status.error_code() == grpc::StatusCode::INVALID_ARGUMENT);
  CHECK(status.error_message().find("projection") != std::string::npos);
}

TEST_CASE("a batch of columns may take what the server sends to the byte, with its head and padding") {
  Fixture whole;
  const auto whole_size_bytes = static_cast<int>(whole.Get(AsColumns(whole.Request(0))).ByteSizeLong());
  for (const int missing_size_bytes : {0, 1, 200}) {
    Fixture fixture({.sent_message_size_bytes_max = whole_size_bytes - missing_size_bytes});
    v1::GetBatchResponse response;
    const grpc::Status status =
        Call(fixture.server.loader_stub, &v1::LoaderService::Stub::GetBatch, AsColumns(fixture.Request(0)), &response);
    INFO(missing_size_bytes << ": " << status.error_message());
    CHECK(status.ok() == (missing_size_bytes == 0));
    if (!status.ok()) CHECK(FieldOf(status) == "projection");
  }
}

TEST_CASE("a part may take what the server sends to the byte, with its head and padding") {
  constexpr int kPartBytes = 768;
  const auto stream = [](int sent_size_bytes_max) {
    Fixture fixture({.sent_message_size_bytes_max = sent_size_bytes_max, .part_size_bytes_max = kPartBytes});
    v1::StreamBatchesRequest request;
    request.set_plan_id(fixture.plan_id);
    request.set_split("train");
    request.set_max_batch_count(1);
    // Of little more than a part: a bound may lie between the body and the first message, which has the head.
    request.mutable_projection()->set_encoding(v1::BATCH_ENCODING_COLUMNS);
    request.mutable_projection()->add_fields("id");
    const auto context = MakeContext();
    const auto reader = fixture.server.loader_stub->StreamBatches(context.get(), request);
    size_t largest_size_bytes = 0;
    v1::StreamBatchesResponse part;
    while (reader->Read(&part)) largest_size_bytes = std::max(largest_size_bytes, part.ByteSizeLong());
    return std::make_pair(reader->Finish(), static_cast<int>(largest_size_bytes));
  };
  const auto [whole, largest_size_bytes] = stream(1 << 20);
  REQUIRE(whole.ok());
  const grpc::Status status = stream(largest_size_bytes - 1).first;
  CHECK(FieldOf(status) == "projection");
}

}  // namespace
}  // namespace millrace
