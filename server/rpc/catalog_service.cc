#include "server/rpc/catalog_service.h"

#include <optional>
#include <string>
#include <vector>

#include "server/rpc/call.h"
#include "server/rpc/convert.h"
#include "server/rpc/page_token.h"
#include "server/rpc/post_queries.h"
#include "server/rpc/sample.h"
#include "server/rpc/scope.h"
#include "server/rpc/tag_queries.h"

namespace millrace {
namespace {

absl::Status ListDatasets(const ServiceDeps& deps, const v1::ListDatasetsRequest& request,
                          v1::ListDatasetsResponse* response) {
  const std::string binding = PageBinding("ListDatasets", request);
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<PageCursor> cursor, DecodePageToken(binding, request.page_token()));
  MILLRACE_ASSIGN_OR_RETURN(const int64_t limit, PageLimit(request.page_size()));
  // One more than asked for tells whether the listing goes on.
  MILLRACE_ASSIGN_OR_RETURN(std::vector<DatasetInfo> datasets,
                            deps.catalog->ListDatasets(cursor.has_value() ? cursor->text : std::string(), limit + 1));
  if (static_cast<int64_t>(datasets.size()) > limit) {
    datasets.resize(static_cast<size_t>(limit));
    response->set_next_page_token(EncodePageToken(binding, {datasets.back().name}));
  }
  for (const DatasetInfo& dataset : datasets) SetDataset(dataset, response->add_datasets());
  return absl::OkStatus();
}

void SetImportSummary(const ImportOutcome& outcome, v1::ImportSummary* message) {
  message->set_import_id(outcome.import_id);
  SetTimestamp(outcome.committed_at_us, message->mutable_committed_at());
  message->set_post_count(outcome.new_post_count + outcome.replaced_post_count);
  message->set_rejected_count(outcome.rejected_count);
}

absl::Status GetStats(const ServiceDeps& deps, const v1::GetStatsRequest& request, v1::GetStatsResponse* response) {
  MILLRACE_ASSIGN_OR_RETURN(const Scope scope, ResolveScope(deps, request));
  MILLRACE_ASSIGN_OR_RETURN(const Stats stats, scope.snapshot != nullptr ? scope.snapshot->GetStats()
                                                                         : deps.catalog->GetStats(scope.dataset));
  SetStats(stats, response->mutable_stats());
  if (scope.snapshot != nullptr) return absl::OkStatus();
  MILLRACE_ASSIGN_OR_RETURN(const std::optional<ImportRecord> import,
                            deps.catalog->FindNewestCommittedImport(scope.dataset));
  if (import.has_value()) SetImportSummary(import->outcome, response->mutable_stats()->mutable_last_import());
  return absl::OkStatus();
}

}  // namespace

template <typename Request, typename Response>
grpc::ServerUnaryReactor* CatalogService::Answer(const char* method, grpc::CallbackServerContext* context,
                                                 const Request* request, Response* response,
                                                 absl::Status (*handler)(const ServiceDeps&, const Request&,
                                                                         Response*)) {
  return StartUnary(deps_, deps_.call_pool, method, context,
                    [this, request, response, handler](const auto&) { return handler(deps_, *request, response); });
}

grpc::ServerUnaryReactor* CatalogService::ListDatasets(grpc::CallbackServerContext* context,
                                                       const v1::ListDatasetsRequest* request,
                                                       v1::ListDatasetsResponse* response) {
  return Answer("millrace.v1.CatalogService/ListDatasets", context, request, response, &millrace::ListDatasets);
}

grpc::ServerUnaryReactor* CatalogService::GetStats(grpc::CallbackServerContext* context,
                                                   const v1::GetStatsRequest* request, v1::GetStatsResponse* response) {
  return Answer("millrace.v1.CatalogService/GetStats", context, request, response, &millrace::GetStats);
}

grpc::ServerUnaryReactor* CatalogService::GetTag(grpc::CallbackServerContext* context, const v1::GetTagRequest* request,
                                                 v1::GetTagResponse* response) {
  return Answer("millrace.v1.CatalogService/GetTag", context, request, response, &millrace::GetTag);
}

grpc::ServerUnaryReactor* CatalogService::ListTags(grpc::CallbackServerContext* context,
                                                   const v1::ListTagsRequest* request, v1::ListTagsResponse* response) {
  return Answer("millrace.v1.CatalogService/ListTags", context, request, response, &millrace::ListTags);
}

grpc::ServerUnaryReactor* CatalogService::GetPost(grpc::CallbackServerContext* context,
                                                  const v1::GetPostRequest* request, v1::GetPostResponse* response) {
  return Answer("millrace.v1.CatalogService/GetPost", context, request, response, &millrace::GetPost);
}

grpc::ServerUnaryReactor* CatalogService::BatchGetPosts(grpc::CallbackServerContext* context,
                                                        const v1::BatchGetPostsRequest* request,
                                                        v1::BatchGetPostsResponse* response) {
  return Answer("millrace.v1.CatalogService/BatchGetPosts", context, request, response, &millrace::BatchGetPosts);
}

grpc::ServerUnaryReactor* CatalogService::ListPosts(grpc::CallbackServerContext* context,
                                                    const v1::ListPostsRequest* request,
                                                    v1::ListPostsResponse* response) {
  return Answer("millrace.v1.CatalogService/ListPosts", context, request, response, &millrace::ListPosts);
}

grpc::ServerUnaryReactor* CatalogService::SamplePosts(grpc::CallbackServerContext* context,
                                                      const v1::SamplePostsRequest* request,
                                                      v1::SamplePostsResponse* response) {
  return Answer("millrace.v1.CatalogService/SamplePosts", context, request, response, &millrace::SamplePosts);
}

}  // namespace millrace
