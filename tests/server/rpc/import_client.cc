#include "tests/server/rpc/import_client.h"

#include "tests/support/catch.h"

namespace millrace {

ImportClient::ImportClient(v1::ImportService::Stub& stub)
    : context_(MakeContext()), stream_(stub.Import(context_.get())) {}

bool ImportClient::Start(const v1::ImportStart& start) {
  v1::ImportRequest request;
  *request.mutable_start() = start;
  return stream_->Write(request);
}

bool ImportClient::File(const std::string& name) {
  ++file_count_;
  v1::ImportRequest request;
  request.mutable_file()->set_name(name);
  return stream_->Write(request);
}

bool ImportClient::Chunk(const std::string& bytes) {
  byte_count_ += static_cast<int64_t>(bytes.size());
  v1::ImportRequest request;
  request.set_chunk(bytes);
  return stream_->Write(request);
}

bool ImportClient::End() { return End(file_count_, byte_count_); }

bool ImportClient::End(int64_t file_count, int64_t byte_count) {
  v1::ImportRequest request;
  request.mutable_end()->set_file_count(file_count);
  request.mutable_end()->set_byte_count(byte_count);
  return stream_->Write(request);
}

ImportReply ImportClient::Finish() {
  stream_->WritesDone();
  ImportReply reply;
  v1::ImportResponse response;
  while (stream_->Read(&response)) {
    // The result is the last message.
    CHECK_FALSE(reply.result.has_value());
    if (response.has_rejected()) reply.rejected.push_back(response.rejected());
    if (response.has_progress()) reply.progress.push_back(response.progress());
    if (response.has_result()) reply.result = response.result();
  }
  reply.status = stream_->Finish();
  CHECK(reply.status.ok() == reply.result.has_value());
  return reply;
}

v1::ImportStart JsonlStart(const std::string& dataset, const std::string& request_id) {
  v1::ImportStart start;
  start.set_dataset(dataset);
  start.set_format(v1::SOURCE_FORMAT_DANBOORU_JSONL);
  start.set_request_id(request_id);
  return start;
}

ImportReply ImportJsonl(RpcServer& server, const v1::ImportStart& start, const std::string& jsonl) {
  ImportClient client(*server.import_stub);
  client.Start(start);
  client.File("posts.jsonl");
  constexpr size_t kChunkSizeBytes = 256 << 10;
  for (size_t offset = 0; offset < jsonl.size(); offset += kChunkSizeBytes) {
    if (!client.Chunk(jsonl.substr(offset, kChunkSizeBytes))) break;
  }
  client.End();
  return client.Finish();
}

std::string DumpLine(int64_t id) {
  const auto tag = [](int64_t tag_id, const std::string& name, int category) {
    return R"({"id":")" + std::to_string(tag_id) + R"(","name":")" + name + R"(","category":")" +
           std::to_string(category) + R"("})";
  };
  std::string md5(32, '0');
  const std::string digits = std::to_string(id);
  md5.replace(md5.size() - digits.size(), digits.size(), digits);
  std::string line = R"({"id":")" + digits + R"(","created_at":"2015-01-01 00:00:00 UTC","score":")" +
                     std::to_string(id % 17) + R"(","source":"https://example.org/)" + digits + R"(","md5":")" + md5 +
                     R"(","rating":"s","image_width":"640","image_height":"480","file_ext":"png","tags":[)";
  line += tag(1, "everything", 0);
  if (id % 2 == 0) line += "," + tag(2, "even", 0);
  if (id % 3 == 0) line += "," + tag(3, "three", 1);
  line += "," + tag(1000 + id % 97, "class_" + std::to_string(id % 97), 4);
  return line + "]}\n";
}

std::string Dump(int64_t count, int64_t first_id, int64_t stride) {
  std::string dump;
  for (int64_t i = 0; i < count; ++i) dump += DumpLine(first_id + i * stride);
  return dump;
}

std::string ImportPosts(RpcServer& server, const std::string& dataset, int64_t count, int64_t first_id) {
  const std::string request_id = dataset + "-" + std::to_string(count) + "-" + std::to_string(first_id);
  const ImportReply reply = ImportJsonl(server, JsonlStart(dataset, request_id), Dump(count, first_id));
  INFO(reply.status.error_message());
  REQUIRE(reply.status.ok());
  CHECK(reply.result->new_post_count() + reply.result->replaced_post_count() == count);
  INFO(reply.result->snapshot_error().message());
  REQUIRE(reply.result->has_snapshot());
  return reply.result->snapshot();
}

}  // namespace millrace
