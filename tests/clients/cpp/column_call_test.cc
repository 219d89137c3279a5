// The calls against a server in this process: batches in one part and in many, errors of the call, a stream that
// breaks, and one that the reader leaves.
#include "clients/cpp/column_call.h"

#include <string>

#include "millrace/v1/loader_service.grpc.pb.h"
#include "tests/clients/cpp/made_batch.h"
#include "tests/support/catch.h"

namespace millrace::client {
namespace {

// Serves ThreePosts at steps 0, 1, ...
struct FakeLoader : v1::LoaderService::Service {
  int64_t batch_count = 3;
  size_t part_size_bytes = 1 << 20;
  size_t messages_max = 1 << 20;  // ends the stream, with OK, after so many
  grpc::Status status;            // what calls end with

  grpc::Status GetBatch(grpc::ServerContext*, const v1::GetBatchRequest* request,
                        v1::GetBatchResponse* response) override {
    const MadeBatch made = ThreePosts();
    if (!status.ok()) return status;
    if (request->projection().encoding() != v1::BATCH_ENCODING_COLUMNS) return grpc::Status::CANCELLED;
    REQUIRE(response->ParseFromString(made.Message()));
    if (messages_max == 0) response->mutable_body()->pop_back();
    return grpc::Status::OK;
  }

  grpc::Status StreamBatches(grpc::ServerContext*, const v1::StreamBatchesRequest* request,
                             grpc::ServerWriter<v1::StreamBatchesResponse>* writer) override {
    if (request->projection().encoding() != v1::BATCH_ENCODING_COLUMNS) return grpc::Status::CANCELLED;
    size_t message_count = 0;
    for (int64_t step = 0; step < batch_count; ++step) {
      MadeBatch made = ThreePosts();
      made.head.set_step(step);
      for (const std::string& message : made.Messages(part_size_bytes)) {
        v1::StreamBatchesResponse response;
        REQUIRE(response.ParseFromString(message));
        if (message_count++ == messages_max || !writer->Write(response)) return status;
      }
    }
    return status;
  }
};

struct Fixture {
  FakeLoader loader;
  std::unique_ptr<grpc::Server> server;
  std::shared_ptr<grpc::Channel> channel;
  grpc::ClientContext context;

  Fixture() {
    grpc::ServerBuilder builder;
    builder.RegisterService(&loader);
    server = builder.BuildAndStart();
    channel = server->InProcessChannel({});
  }
};

TEST_CASE_METHOD(Fixture, "a stream gives its batches in order, and then why it ended") {
  loader.part_size_bytes = GENERATE(size_t{64}, size_t{500}, size_t{1} << 20);
  ColumnStream stream(channel, &context, {});
  for (int64_t step = 0; step < 3; ++step) {
    const auto batch = stream.Next();
    REQUIRE(batch.ok());
    REQUIRE(batch->has_value());
    CHECK((*batch)->head().step() == step);
    CHECK((*batch)->ids()[1] == 12);
  }
  CHECK_FALSE(stream.Next()->has_value());
  CHECK_FALSE(stream.Next()->has_value());
  CHECK(stream.Finish().ok());
}

TEST_CASE_METHOD(Fixture, "the error of a call is the call's status, not a malformed batch") {
  loader.status = grpc::Status(grpc::StatusCode::NOT_FOUND, "no such plan");
  loader.part_size_bytes = 64;
  loader.messages_max = GENERATE(0, 3);
  ColumnStream stream(channel, &context, {});
  const auto batch = stream.Next();
  REQUIRE(batch.ok());
  CHECK_FALSE(batch->has_value());
  CHECK(stream.Finish().error_message() == "no such plan");

  grpc::Status status;
  grpc::ClientContext unary;
  CHECK_FALSE(GetColumns(channel, &unary, {}, &status).ok());
  CHECK(status.error_code() == grpc::StatusCode::NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "a stream that ends well within a batch is told") {
  loader.part_size_bytes = 64;
  loader.messages_max = 3;
  ColumnStream stream(channel, &context, {});
  CHECK(stream.Next().status().code() == absl::StatusCode::kDataLoss);
}

TEST_CASE_METHOD(Fixture, "a stream may be left at any time") {
  loader.batch_count = 1'000'000;
  {
    ColumnStream stream(channel, &context, {});
    REQUIRE(stream.Next().ok());
  }
  grpc::ClientContext again;
  ColumnStream stream(channel, &again, {});
  REQUIRE(stream.Next().ok());
  CHECK(stream.Finish().error_code() == grpc::StatusCode::CANCELLED);
}

TEST_CASE_METHOD(Fixture, "a batch comes whole, or not at all") {
  grpc::Status status;
  const auto batch = GetColumns(channel, &context, {}, &status);
  REQUIRE(batch.ok());
  CHECK(batch->size() == 3);
  loader.messages_max = 0;
  grpc::ClientContext again;
  CHECK(GetColumns(channel, &again, {}, &status).status().code() == absl::StatusCode::kDataLoss);
  CHECK(status.ok());
}

}  // namespace
}  // namespace millrace::client
