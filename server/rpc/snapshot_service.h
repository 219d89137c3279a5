// millrace.v1.SnapshotService.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "millrace/v1/snapshot_service.grpc.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Compiling and verifying take seconds and run on the import pool; the rest on the call pool. Thread-safe.
class SnapshotService final : public v1::SnapshotService::CallbackService {
 public:
  explicit SnapshotService(const ServiceDeps& deps) : deps_(deps) {}

  grpc::ServerUnaryReactor* CreateSnapshot(grpc::CallbackServerContext* context,
                                           const v1::CreateSnapshotRequest* request,
                                           v1::CreateSnapshotResponse* response) override;
  grpc::ServerUnaryReactor* GetSnapshot(grpc::CallbackServerContext* context, const v1::GetSnapshotRequest* request,
                                        v1::GetSnapshotResponse* response) override;
  grpc::ServerUnaryReactor* ListSnapshots(grpc::CallbackServerContext* context, const v1::ListSnapshotsRequest* request,
                                          v1::ListSnapshotsResponse* response) override;
  grpc::ServerUnaryReactor* VerifySnapshot(grpc::CallbackServerContext* context,
                                           const v1::VerifySnapshotRequest* request,
                                           v1::VerifySnapshotResponse* response) override;
  grpc::ServerUnaryReactor* DeleteSnapshot(grpc::CallbackServerContext* context,
                                           const v1::DeleteSnapshotRequest* request,
                                           v1::DeleteSnapshotResponse* response) override;

 private:
  // Each waits for the disk.
  absl::Status Create(const v1::CreateSnapshotRequest& request, const std::function<bool()>& cancelled,
                      v1::CreateSnapshotResponse* response);
  absl::Status Get(const v1::GetSnapshotRequest& request, v1::GetSnapshotResponse* response);
  absl::Status List(const v1::ListSnapshotsRequest& request, v1::ListSnapshotsResponse* response);
  absl::Status Verify(const v1::VerifySnapshotRequest& request, const std::function<bool()>& cancelled,
                      v1::VerifySnapshotResponse* response);
  absl::Status Delete(const v1::DeleteSnapshotRequest& request);

  const ServiceDeps deps_;
};

}  // namespace millrace
