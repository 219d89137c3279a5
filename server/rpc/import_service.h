// millrace.v1.ImportService.
#pragma once

#include "absl/status/status.h"
#include "millrace/v1/import_service.grpc.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Thread-safe.
class ImportService final : public v1::ImportService::CallbackService {
 public:
  explicit ImportService(const ServiceDeps& deps) : deps_(deps) {}

  grpc::ServerBidiReactor<v1::ImportRequest, v1::ImportResponse>* Import(grpc::CallbackServerContext* context) override;
  grpc::ServerUnaryReactor* ListImports(grpc::CallbackServerContext* context, const v1::ListImportsRequest* request,
                                        v1::ListImportsResponse* response) override;

 private:
  // Waits for the disk.
  absl::Status List(const v1::ListImportsRequest& request, v1::ListImportsResponse* response);

  const ServiceDeps deps_;
};

}  // namespace millrace
