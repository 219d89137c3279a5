#include "server/rpc/snapshot_service.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/ingest/compile.h"
#include "server/rpc/call.h"
#include "server/rpc/convert.h"
#include "server/rpc/page_token.h"
#include "server/rpc/request.h"
#include "server/rpc/scope.h"

namespace millrace {
namespace {

// A drain does not wait for what takes long and may be asked for again.
absl::Status EndedBy(absl::Status status, const Drain& drain) {
  return ReasonOf(status) == Reason::kCancelled && drain.draining() ? ShuttingDownError() : status;
}

}  // namespace

absl::Status SnapshotService::Create(const v1::CreateSnapshotRequest& request, const std::function<bool()>& cancelled,
                                     v1::CreateSnapshotResponse* response) {
  MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
  absl::StatusOr<CompiledSnapshot> compiled = CompileSnapshot(*deps_.catalog, *deps_.snapshots, request.dataset(),
                                                              [&] { return cancelled() || deps_.drain->draining(); });
  if (!compiled.ok()) return EndedBy(compiled.status(), *deps_.drain);
  SetSnapshot(compiled->record, response->mutable_snapshot());
  response->set_created(compiled->created);
  return absl::OkStatus();
}

absl::Status SnapshotService::Get(const v1::GetSnapshotRequest& request, v1::GetSnapshotResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string digest, DigestReference("digest", request.digest()));
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord record, deps_.catalog->GetSnapshot(digest));
  SetSnapshot(record, response->mutable_snapshot());
  return absl::OkStatus();
}

absl::Status SnapshotService::List(const v1::ListSnapshotsRequest& request, v1::ListSnapshotsResponse* response) {
  const std::string binding = PageBinding("ListSnapshots", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  if (!request.dataset().empty()) {
    MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
    MILLRACE_RETURN_IF_ERROR(deps_.catalog->GetDataset(request.dataset()).status());
  }
  MILLRACE_ASSIGN_OR_RETURN(std::vector<SnapshotRecord> records,
                            deps_.catalog->ListSnapshots(request.dataset(), TimeCursorOf(cursor), limit + 1));
  if (static_cast<int64_t>(records.size()) > limit) {
    records.resize(static_cast<size_t>(limit));
    response->set_next_page_token(EncodePageToken(binding, {records.back().digest, records.back().created_at_us}));
  }
  for (const SnapshotRecord& record : records) SetSnapshot(record, response->add_snapshots());
  return absl::OkStatus();
}

absl::Status SnapshotService::Verify(const v1::VerifySnapshotRequest& request, const std::function<bool()>& cancelled,
                                     v1::VerifySnapshotResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("digest", request.digest()));
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord record, deps_.catalog->GetSnapshot(reference));
  response->set_digest(record.digest);
  absl::StatusOr<std::shared_ptr<const Snapshot>> snapshot = deps_.snapshots->Get(record.digest);
  if (ReasonOf(snapshot.status()) == Reason::kSnapshotDamaged) {
    // Too damaged to be opened; how much of it was read is not known.
    response->add_damages(std::string(snapshot.status().message()));
    return absl::OkStatus();
  }
  MILLRACE_RETURN_IF_ERROR(snapshot.status());

  std::function<bool()> ended = [&] { return cancelled() || deps_.drain->draining(); };
  absl::StatusOr<VerifyReport> report =
      (*snapshot)->Verify([](void* context) { return (*static_cast<std::function<bool()>*>(context))(); }, &ended);
  if (!report.ok()) return EndedBy(report.status(), *deps_.drain);
  response->set_intact(report->damages.empty());
  response->set_byte_count(report->byte_count);
  for (const std::string& damage : report->damages) response->add_damages(damage);
  return absl::OkStatus();
}

absl::Status SnapshotService::Delete(const v1::DeleteSnapshotRequest& request) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string reference, DigestReference("digest", request.digest()));
  const absl::StatusOr<SnapshotRecord> record = deps_.catalog->GetSnapshot(reference);
  if (!record.ok()) {
    const bool may_be_missing = request.allow_missing() && IsHexDigest(reference);
    return may_be_missing && ReasonOf(record.status()) == Reason::kSnapshotNotFound ? absl::OkStatus()
                                                                                    : record.status();
  }
  // The record first: it refuses while plans refer to the snapshot. A crash between the two leaves a file without a
  // record, which the next compilation of the same content takes up again.
  MILLRACE_RETURN_IF_ERROR(deps_.catalog->DeleteSnapshot(record->digest));
  return deps_.snapshots->Delete(record->digest);
}

grpc::ServerUnaryReactor* SnapshotService::CreateSnapshot(grpc::CallbackServerContext* context,
                                                          const v1::CreateSnapshotRequest* request,
                                                          v1::CreateSnapshotResponse* response) {
  return StartUnary(
      deps_, deps_.import_pool, "millrace.v1.SnapshotService/CreateSnapshot", context,
      [=, this](const std::function<bool()>& cancelled) { return Create(*request, cancelled, response); });
}

grpc::ServerUnaryReactor* SnapshotService::GetSnapshot(grpc::CallbackServerContext* context,
                                                       const v1::GetSnapshotRequest* request,
                                                       v1::GetSnapshotResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SnapshotService/GetSnapshot", context,
                    [=, this](const auto&) { return Get(*request, response); });
}

grpc::ServerUnaryReactor* SnapshotService::ListSnapshots(grpc::CallbackServerContext* context,
                                                         const v1::ListSnapshotsRequest* request,
                                                         v1::ListSnapshotsResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SnapshotService/ListSnapshots", context,
                    [=, this](const auto&) { return List(*request, response); });
}

grpc::ServerUnaryReactor* SnapshotService::VerifySnapshot(grpc::CallbackServerContext* context,
                                                          const v1::VerifySnapshotRequest* request,
                                                          v1::VerifySnapshotResponse* response) {
  return StartUnary(
      deps_, deps_.import_pool, "millrace.v1.SnapshotService/VerifySnapshot", context,
      [=, this](const std::function<bool()>& cancelled) { return Verify(*request, cancelled, response); });
}

grpc::ServerUnaryReactor* SnapshotService::DeleteSnapshot(grpc::CallbackServerContext* context,
                                                          const v1::DeleteSnapshotRequest* request,
                                                          v1::DeleteSnapshotResponse* response) {
  return StartUnary(deps_, deps_.call_pool, "millrace.v1.SnapshotService/DeleteSnapshot", context,
                    [=, this](const auto&) { return Delete(*request); });
}

}  // namespace millrace
