// millrace.v1.VocabularyService.
#pragma once

#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "millrace/v1/vocabulary_service.grpc.pb.h"
#include "server/rpc/label_cache.h"
#include "server/rpc/services.h"

namespace millrace {

// All of it is short and runs on the call pool: one of 10,000 labels is made in 10 ms, and 400,000 labels, near the
// most that a vocabulary may hold, from a snapshot in a third of a second and from a file in half a second.
// Thread-safe.
class VocabularyService final : public v1::VocabularyService::CallbackService {
 public:
  // `labels` is told of deletions.
  VocabularyService(const ServiceDeps& deps, std::shared_ptr<LabelCache> labels)
      : deps_(deps), labels_(std::move(labels)) {}

  grpc::ServerUnaryReactor* CreateVocabulary(grpc::CallbackServerContext* context,
                                             const v1::CreateVocabularyRequest* request,
                                             v1::CreateVocabularyResponse* response) override;
  grpc::ServerUnaryReactor* GetVocabulary(grpc::CallbackServerContext* context, const v1::GetVocabularyRequest* request,
                                          v1::GetVocabularyResponse* response) override;
  grpc::ServerUnaryReactor* ListVocabularies(grpc::CallbackServerContext* context,
                                             const v1::ListVocabulariesRequest* request,
                                             v1::ListVocabulariesResponse* response) override;
  grpc::ServerUnaryReactor* ListVocabularyEntries(grpc::CallbackServerContext* context,
                                                  const v1::ListVocabularyEntriesRequest* request,
                                                  v1::ListVocabularyEntriesResponse* response) override;
  grpc::ServerUnaryReactor* ExportVocabulary(grpc::CallbackServerContext* context,
                                             const v1::ExportVocabularyRequest* request,
                                             v1::ExportVocabularyResponse* response) override;
  grpc::ServerUnaryReactor* DeleteVocabulary(grpc::CallbackServerContext* context,
                                             const v1::DeleteVocabularyRequest* request,
                                             v1::DeleteVocabularyResponse* response) override;

 private:
  // Each waits for the disk.
  absl::Status Create(const v1::CreateVocabularyRequest& request, const std::function<bool()>& cancelled,
                      v1::CreateVocabularyResponse* response);
  absl::Status Get(const v1::GetVocabularyRequest& request, v1::GetVocabularyResponse* response);
  absl::Status List(const v1::ListVocabulariesRequest& request, v1::ListVocabulariesResponse* response);
  absl::Status ListEntries(const v1::ListVocabularyEntriesRequest& request,
                           v1::ListVocabularyEntriesResponse* response);
  absl::Status Export(const v1::ExportVocabularyRequest& request, v1::ExportVocabularyResponse* response);
  absl::Status Delete(const v1::DeleteVocabularyRequest& request);

  const ServiceDeps deps_;
  const std::shared_ptr<LabelCache> labels_;  // shared with the services that use labels
};

}  // namespace millrace
