#include "tests/server/rpc/rpc_fixture.h"

#include <chrono>
#include <filesystem>
#include <future>
#include <thread>

#include "server/lifecycle/listener.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

constexpr std::chrono::seconds kCallTimeout(60);
constexpr std::chrono::seconds kLogTimeout(20);

}  // namespace

void MemoryCallLog::Write(const CallRecord& record) {
  MutexLock lock(mutex_);
  records_.push_back(record);
}

std::vector<CallRecord> MemoryCallLog::records() const {
  MutexLock lock(mutex_);
  return records_;
}

std::vector<CallRecord> MemoryCallLog::WaitFor(size_t count) const {
  const auto deadline = std::chrono::steady_clock::now() + kLogTimeout;
  while (records().size() < count && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return records();
}

RpcServer::RpcServer(const RpcServerOptions& options)
    : stream_limits_(options.stream_limits),
      location_(*LocationTemplate::Parse(LocationTemplate::kDefault)),
      call_pool_(std::make_unique<CallPool>(options.call_thread_count, options.call_queue_size_max, &call_log_)),
      import_pool_(std::make_unique<CallPool>(options.import_thread_count, 16, &call_log_)) {
  CatalogOptions catalog_options;
  catalog_options.path = folder_.path() + "/catalog.sqlite3";
  auto catalog = Catalog::Open(catalog_options);
  INFO(catalog.status().ToString());
  REQUIRE(catalog.ok());
  catalog_ = *std::move(catalog);
  auto snapshots = SnapshotStore::Open(folder_.path() + "/snapshots");
  REQUIRE(snapshots.ok());
  snapshots_ = *std::move(snapshots);

  ServiceDeps deps;
  deps.catalog = catalog_.get();
  deps.snapshots = snapshots_.get();
  deps.call_pool = call_pool_.get();
  deps.import_pool = import_pool_.get();
  deps.location = &location_;
  deps.drain = &drain_;
  deps.call_log = &call_log_;
  deps.stream_limits = &stream_limits_;
  deps.spool_folder = folder_.path() + "/spool";
  deps.import_idle_timeout = options.import_idle_timeout;
  deps.sent_message_size_bytes_max = static_cast<size_t>(options.sent_message_size_bytes_max);
  deps.part_size_bytes_max = options.part_size_bytes_max;
  std::filesystem::create_directories(deps.spool_folder);
  services_ = MakeServices(deps);
  grpc::ServerBuilder builder;
  builder.SetMaxReceiveMessageSize(kReceivedMessageSizeBytesMax);
  builder.SetMaxSendMessageSize(options.sent_message_size_bytes_max);
  builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
  for (const auto& service : services_) builder.RegisterService(service.get());
  // ThreadSanitizer sees the pools' mutexes but not gRPC's: what was made above reaches the calls by these.
  // They are over when this is: a test may have room for one task only.
  for (CallPool* pool : {call_pool_.get(), import_pool_.get()}) {
    // Shared: the task may still be within set_value when the wait is over.
    const auto done = std::make_shared<std::promise<void>>();
    pool->Schedule([done] { done->set_value(); });
    done->get_future().wait();
  }
  server_ = builder.BuildAndStart();
  REQUIRE(server_ != nullptr);

  const std::shared_ptr<grpc::Channel> channel = MakeChannel();
  catalog_stub = v1::CatalogService::NewStub(channel);
  import_stub = v1::ImportService::NewStub(channel);
  snapshot_stub = v1::SnapshotService::NewStub(channel);
  plan_stub = v1::PlanService::NewStub(channel);
  loader_stub = v1::LoaderService::NewStub(channel);
  tag_stub = v1::TagService::NewStub(channel);
  vocabulary_stub = v1::VocabularyService::NewStub(channel);
}

RpcServer::~RpcServer() {
  // Sessions must end before the catalog does: Shutdown returns when every call is over.
  server_->Shutdown(std::chrono::system_clock::now());
  server_->Wait();
  // Their threads end before what they worked on goes; and the log's mutex is what ThreadSanitizer sees of gRPC's.
  call_pool_.reset();
  import_pool_.reset();
  call_log_.records();
}

std::shared_ptr<grpc::Channel> RpcServer::MakeChannel() const {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetMaxReceiveMessageSize(-1);
  return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port_), grpc::InsecureChannelCredentials(), arguments);
}

std::unique_ptr<grpc::ClientContext> MakeContext() {
  auto context = std::make_unique<grpc::ClientContext>();
  context->set_deadline(std::chrono::system_clock::now() + kCallTimeout);
  return context;
}

}  // namespace millrace
