// The connection to a server: channel, deadlines, and calls whose failures are outcomes.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "clients/cli/interrupt.h"
#include "clients/cli/outcome.h"
#include "millrace/v1/catalog_service.grpc.pb.h"
#include "millrace/v1/import_service.grpc.pb.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "millrace/v1/snapshot_service.grpc.pb.h"
#include "millrace/v1/source_service.grpc.pb.h"
#include "millrace/v1/tag_service.grpc.pb.h"
#include "millrace/v1/vocabulary_service.grpc.pb.h"

namespace millrace::cli {

// How long a call may take when --timeout does not say. What grows with the data has no limit.
enum class CallKind { kShort, kLong };

// One call's context: deadline set, cancelled by Ctrl-C while it lives.
class CallContext {
 public:
  CallContext(Interrupt& interrupt, CallKind kind, std::optional<absl::Duration> timeout);
  ~CallContext();
  CallContext(const CallContext&) = delete;
  CallContext& operator=(const CallContext&) = delete;

  grpc::ClientContext* get() { return &context_; }

 private:
  Interrupt& interrupt_;
  grpc::ClientContext context_;
};

// Connects at the first call, not before. Thread-safe.
class Client {
 public:
  // `interrupt` is borrowed. `timeout` applies to every call.
  Client(std::string address, std::optional<absl::Duration> timeout, Interrupt& interrupt);

  v1::CatalogService::Stub& catalog() { return *catalog_; }
  v1::ImportService::Stub& imports() { return *imports_; }
  v1::LoaderService::Stub& loader() { return *loader_; }
  v1::PlanService::Stub& plans() { return *plans_; }
  v1::SnapshotService::Stub& snapshots() { return *snapshots_; }
  v1::SourceService::Stub& sources() { return *sources_; }
  v1::TagService::Stub& tags() { return *tags_; }
  v1::VocabularyService::Stub& vocabularies() { return *vocabularies_; }

  // One unary call: client.Call(client.plans(), &v1::PlanService::Stub::GetPlan, request, &response).
  template <typename Stub, typename Request, typename Response>
  Outcome Call(Stub& stub, grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
               const Request& request, Response* response, CallKind kind = CallKind::kShort) {
    CallContext context(interrupt_, kind, timeout_);
    return Conclude((stub.*method)(context.get(), request, response));
  }

  // For calls whose messages are not parsed by Protobuf.
  const std::shared_ptr<grpc::Channel>& channel() { return channel_; }

  // For calls that stream.
  CallContext NewContext(CallKind kind) { return CallContext(interrupt_, kind, timeout_); }
  // The outcome of a call that ended with `status`.
  Outcome Conclude(const grpc::Status& status) const {
    return OutcomeOf(status, address_, interrupt_.TrippedOrPending());
  }

  const std::string& address() const { return address_; }

 private:
  const std::string address_;
  const std::optional<absl::Duration> timeout_;
  Interrupt& interrupt_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::CatalogService::Stub> catalog_;
  std::unique_ptr<v1::ImportService::Stub> imports_;
  std::unique_ptr<v1::LoaderService::Stub> loader_;
  std::unique_ptr<v1::PlanService::Stub> plans_;
  std::unique_ptr<v1::SnapshotService::Stub> snapshots_;
  std::unique_ptr<v1::SourceService::Stub> sources_;
  std::unique_ptr<v1::TagService::Stub> tags_;
  std::unique_ptr<v1::VocabularyService::Stub> vocabularies_;
};

}  // namespace millrace::cli
