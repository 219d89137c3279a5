// A server in this process, on a free loopback port, over a catalog and snapshots in a temporary folder: what
// server/main.cc wires, with everything in reach of a test.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/base/mutex.h"
#include "core/catalog/catalog.h"
#include "core/model/location.h"
#include "core/snapshot/store.h"
#include "millrace/v1/catalog_service.grpc.pb.h"
#include "millrace/v1/import_service.grpc.pb.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "millrace/v1/snapshot_service.grpc.pb.h"
#include "millrace/v1/tag_service.grpc.pb.h"
#include "millrace/v1/vocabulary_service.grpc.pb.h"
#include "server/lifecycle/call_log.h"
#include "server/lifecycle/drain.h"
#include "server/rpc/call_pool.h"
#include "server/rpc/services.h"
#include "server/rpc/stream_limits.h"
#include "tests/server/rpc/temp_folder.h"

namespace millrace {

// Keeps what was logged. Thread-safe.
class MemoryCallLog final : public CallLog {
 public:
  void Write(const CallRecord& record) override;
  std::vector<CallRecord> records() const;
  // Waits, bounded, until so many calls are over: a record is written behind the client's last message.
  std::vector<CallRecord> WaitFor(size_t count) const;

 private:
  mutable Mutex mutex_;
  std::vector<CallRecord> records_ ABSL_GUARDED_BY(mutex_);
};

struct RpcServerOptions {
  size_t call_thread_count = 2;
  size_t call_queue_size_max = 1024;
  size_t import_thread_count = 2;
  absl::Duration import_idle_timeout = absl::InfiniteDuration();
  int sent_message_size_bytes_max = std::numeric_limits<int>::max();
  size_t part_size_bytes_max = size_t{1} << 20;
  StreamLimits::Options stream_limits = {};
};

class RpcServer {
 public:
  explicit RpcServer(const RpcServerOptions& options = {});
  // Cancels what is left.
  ~RpcServer();

  // A channel of its own: streams of two channels share no connection.
  std::shared_ptr<grpc::Channel> MakeChannel() const;

  Catalog& catalog() { return *catalog_; }
  SnapshotStore& snapshots() { return *snapshots_; }
  CallPool& call_pool() { return *call_pool_; }
  CallPool& import_pool() { return *import_pool_; }
  Drain& drain() { return drain_; }
  const StreamLimits& stream_limits() const { return stream_limits_; }
  const MemoryCallLog& call_log() const { return call_log_; }

  std::unique_ptr<v1::CatalogService::Stub> catalog_stub;
  std::unique_ptr<v1::ImportService::Stub> import_stub;
  std::unique_ptr<v1::SnapshotService::Stub> snapshot_stub;
  std::unique_ptr<v1::PlanService::Stub> plan_stub;
  std::unique_ptr<v1::LoaderService::Stub> loader_stub;
  std::unique_ptr<v1::TagService::Stub> tag_stub;
  std::unique_ptr<v1::VocabularyService::Stub> vocabulary_stub;

 private:
  TempFolder folder_;
  MemoryCallLog call_log_;
  Drain drain_;
  StreamLimits stream_limits_;
  LocationTemplate location_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<SnapshotStore> snapshots_;
  std::unique_ptr<CallPool> call_pool_;
  std::unique_ptr<CallPool> import_pool_;
  std::vector<std::unique_ptr<grpc::Service>> services_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

// A call's context with a deadline that keeps a broken server from hanging the test.
std::unique_ptr<grpc::ClientContext> MakeContext();

// Calls `method` of `stub` and returns what became of it.
template <typename Stub, typename Request, typename Response>
grpc::Status Call(const std::unique_ptr<Stub>& stub,
                  grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*), const Request& request,
                  Response* response) {
  return (stub.get()->*method)(MakeContext().get(), request, response);
}

}  // namespace millrace
