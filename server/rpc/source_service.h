// millrace.v1.SourceService.
#pragma once

#include "absl/status/status.h"
#include "millrace/v1/source_service.grpc.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Thread-safe.
class SourceService final : public v1::SourceService::CallbackService {
 public:
  explicit SourceService(const ServiceDeps& deps) : deps_(deps) {}

  grpc::ServerUnaryReactor* CreateSource(grpc::CallbackServerContext* context, const v1::CreateSourceRequest* request,
                                         v1::CreateSourceResponse* response) override;
  grpc::ServerUnaryReactor* GetSource(grpc::CallbackServerContext* context, const v1::GetSourceRequest* request,
                                      v1::GetSourceResponse* response) override;
  grpc::ServerUnaryReactor* ListSources(grpc::CallbackServerContext* context, const v1::ListSourcesRequest* request,
                                        v1::ListSourcesResponse* response) override;
  grpc::ServerUnaryReactor* UpdateSource(grpc::CallbackServerContext* context, const v1::UpdateSourceRequest* request,
                                         v1::UpdateSourceResponse* response) override;
  grpc::ServerUnaryReactor* DeleteSource(grpc::CallbackServerContext* context, const v1::DeleteSourceRequest* request,
                                         v1::DeleteSourceResponse* response) override;
  grpc::ServerWriteReactor<v1::RefreshSourceResponse>* RefreshSource(grpc::CallbackServerContext* context,
                                                                     const v1::RefreshSourceRequest* request) override;
  grpc::ServerUnaryReactor* ListRefreshRuns(grpc::CallbackServerContext* context,
                                            const v1::ListRefreshRunsRequest* request,
                                            v1::ListRefreshRunsResponse* response) override;

 private:
  // Each waits for the disk.
  absl::Status Create(const v1::CreateSourceRequest& request, v1::CreateSourceResponse* response);
  absl::Status Get(const v1::GetSourceRequest& request, v1::GetSourceResponse* response);
  absl::Status List(const v1::ListSourcesRequest& request, v1::ListSourcesResponse* response);
  absl::Status Update(const v1::UpdateSourceRequest& request, v1::UpdateSourceResponse* response);
  absl::Status Delete(const v1::DeleteSourceRequest& request);
  absl::Status ListRuns(const v1::ListRefreshRunsRequest& request, v1::ListRefreshRunsResponse* response);

  const ServiceDeps deps_;
};

}  // namespace millrace
