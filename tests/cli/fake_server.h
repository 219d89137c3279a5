// A server with canned answers that keeps the requests it gets, for tests of whole command lines.
#pragma once

#include <grpcpp/grpcpp.h>

#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "millrace/v1/catalog_service.grpc.pb.h"
#include "millrace/v1/import_service.grpc.pb.h"
#include "millrace/v1/loader_service.grpc.pb.h"
#include "millrace/v1/plan_service.grpc.pb.h"
#include "millrace/v1/snapshot_service.grpc.pb.h"
#include "millrace/v1/vocabulary_service.grpc.pb.h"

namespace millrace::cli {

// An error as the real server makes it.
grpc::Status ServerError(grpc::StatusCode code, const std::string& reason, const std::string& message);

struct FakeCatalog : v1::CatalogService::Service {
  std::vector<std::string> datasets = {"one"};
  int64_t tag_count = 0;  // that ListTags has, on pages of page_size
  std::vector<v1::ListTagsRequest> list_tags;
  std::vector<v1::GetStatsRequest> get_stats;
  std::vector<v1::SamplePostsRequest> sample_posts;

  grpc::Status ListDatasets(grpc::ServerContext*, const v1::ListDatasetsRequest*,
                            v1::ListDatasetsResponse* response) override;
  grpc::Status GetStats(grpc::ServerContext*, const v1::GetStatsRequest* request,
                        v1::GetStatsResponse* response) override;
  grpc::Status ListTags(grpc::ServerContext*, const v1::ListTagsRequest* request,
                        v1::ListTagsResponse* response) override;
  // Knows the post 1 and no other.
  grpc::Status GetPost(grpc::ServerContext*, const v1::GetPostRequest* request, v1::GetPostResponse* response) override;
  grpc::Status SamplePosts(grpc::ServerContext*, const v1::SamplePostsRequest* request,
                           v1::SamplePostsResponse* response) override;
};

struct FakePlans : v1::PlanService::Service {
  bool knows_readings = false;  // of tags
  std::vector<v1::CreatePlanRequest> create_plan;
  std::vector<v1::ExplainPostRequest> explain_post;
  std::vector<v1::ExplainStepRequest> explain_step;

  grpc::Status CreatePlan(grpc::ServerContext*, const v1::CreatePlanRequest* request,
                          v1::CreatePlanResponse* response) override;
  grpc::Status GetPlan(grpc::ServerContext*, const v1::GetPlanRequest*, v1::GetPlanResponse*) override;
  grpc::Status ExplainPost(grpc::ServerContext*, const v1::ExplainPostRequest* request,
                           v1::ExplainPostResponse* response) override;
  grpc::Status ExplainStep(grpc::ServerContext*, const v1::ExplainStepRequest* request,
                           v1::ExplainStepResponse* response) override;
};

struct FakeSnapshots : v1::SnapshotService::Service {
  std::vector<std::string> damages;

  grpc::Status VerifySnapshot(grpc::ServerContext*, const v1::VerifySnapshotRequest* request,
                              v1::VerifySnapshotResponse* response) override;
};

struct FakeVocabularies : v1::VocabularyService::Service {
  bool knows_readings = false;  // of tags
  int64_t label_count = 0;      // that its one vocabulary has, on pages of page_size
  std::vector<v1::CreateVocabularyRequest> create;
  std::vector<v1::ListVocabularyEntriesRequest> list_entries;
  std::vector<v1::DeleteVocabularyRequest> remove;

  grpc::Status CreateVocabulary(grpc::ServerContext*, const v1::CreateVocabularyRequest* request,
                                v1::CreateVocabularyResponse* response) override;
  grpc::Status GetVocabulary(grpc::ServerContext*, const v1::GetVocabularyRequest* request,
                             v1::GetVocabularyResponse* response) override;
  grpc::Status ListVocabularyEntries(grpc::ServerContext*, const v1::ListVocabularyEntriesRequest* request,
                                     v1::ListVocabularyEntriesResponse* response) override;
  grpc::Status ExportVocabulary(grpc::ServerContext*, const v1::ExportVocabularyRequest* request,
                                v1::ExportVocabularyResponse* response) override;
  grpc::Status DeleteVocabulary(grpc::ServerContext*, const v1::DeleteVocabularyRequest* request,
                                v1::DeleteVocabularyResponse* response) override;
};

// Batches of columns are those of client::ThreePosts, of rows one post each.
struct FakeLoader : v1::LoaderService::Service {
  int64_t batch_count = 3;
  size_t part_size_bytes = 1 << 20;
  bool spoil_columns = false;
  int64_t break_after = -1;  // batches; -1: never
  std::vector<v1::GetBatchRequest> get_batch;
  std::vector<v1::StreamBatchesRequest> stream_batches;

  grpc::Status GetBatch(grpc::ServerContext*, const v1::GetBatchRequest* request,
                        v1::GetBatchResponse* response) override;
  grpc::Status StreamBatches(grpc::ServerContext*, const v1::StreamBatchesRequest* request,
                             grpc::ServerWriter<v1::StreamBatchesResponse>* writer) override;
};

struct FakeImports : v1::ImportService::Service {
  FakeImports() {
    result.set_new_post_count(5);
    result.set_rejected_count(3);
  }

  v1::ImportResult result;
  grpc::Status status;  // what Import ends with
  bool wait_for_cancel = false;
  std::vector<v1::ImportRequest> requests;
  std::string bytes;
  Mutex mutex;
  CondVar changed;
  bool began ABSL_GUARDED_BY(mutex) = false;

  grpc::Status Import(grpc::ServerContext* context,
                      grpc::ServerReaderWriter<v1::ImportResponse, v1::ImportRequest>* stream) override;
};

// All of them on a free port of the loopback.
class FakeServer {
 public:
  FakeServer();
  ~FakeServer();

  std::string address() const { return address_; }

  FakeCatalog catalog;
  FakePlans plans;
  FakeSnapshots snapshots;
  FakeVocabularies vocabularies;
  FakeLoader loader;
  FakeImports imports;

 private:
  std::string address_;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace millrace::cli
