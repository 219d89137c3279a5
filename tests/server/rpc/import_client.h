// Imports, as a client sends them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "millrace/v1/import_service.pb.h"
#include "tests/server/rpc/rpc_fixture.h"

namespace millrace {

// What came back of an import.
struct ImportReply {
  grpc::Status status;
  std::vector<v1::RejectedRecord> rejected;
  std::vector<v1::ImportProgress> progress;
  std::optional<v1::ImportResult> result;
};

// One import in the making, message by message. Reads only at the end.
class ImportClient {
 public:
  explicit ImportClient(v1::ImportService::Stub& stub);

  // False when the server has ended the call.
  bool Start(const v1::ImportStart& start);
  bool File(const std::string& name);
  bool Chunk(const std::string& bytes);
  // With the sums of what was sent.
  bool End();
  bool End(int64_t file_count, int64_t byte_count);
  void Cancel() { context_->TryCancel(); }

  // Half-closes, reads everything and finishes.
  ImportReply Finish();

  grpc::ClientReaderWriter<v1::ImportRequest, v1::ImportResponse>& stream() { return *stream_; }

 private:
  std::unique_ptr<grpc::ClientContext> context_;
  std::unique_ptr<grpc::ClientReaderWriter<v1::ImportRequest, v1::ImportResponse>> stream_;
  int64_t file_count_ = 0;
  int64_t byte_count_ = 0;
};

v1::ImportStart JsonlStart(const std::string& dataset, const std::string& request_id);

// Imports one file of JSON lines as one chunk.
ImportReply ImportJsonl(RpcServer& server, const v1::ImportStart& start, const std::string& jsonl);

// A record of Danbooru's dumps: some tags by id % small primes, so that tags are shared.
std::string DumpLine(int64_t id);
// Records with ids first, first + stride, ...
std::string Dump(int64_t count, int64_t first_id = 1, int64_t stride = 1);

// Imports Dump(count) and returns the digest of its snapshot. Fails the test otherwise.
std::string ImportPosts(RpcServer& server, const std::string& dataset, int64_t count, int64_t first_id = 1);

}  // namespace millrace
