// millrace.v1.CatalogService.
#pragma once

#include "absl/status/status.h"
#include "millrace/v1/catalog_service.grpc.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Each method hops to the call pool, where a function of the same name answers it. Thread-safe.
class CatalogService final : public v1::CatalogService::CallbackService {
 public:
  explicit CatalogService(const ServiceDeps& deps) : deps_(deps) {}

  grpc::ServerUnaryReactor* ListDatasets(grpc::CallbackServerContext* context, const v1::ListDatasetsRequest* request,
                                         v1::ListDatasetsResponse* response) override;
  grpc::ServerUnaryReactor* GetStats(grpc::CallbackServerContext* context, const v1::GetStatsRequest* request,
                                     v1::GetStatsResponse* response) override;
  grpc::ServerUnaryReactor* GetTag(grpc::CallbackServerContext* context, const v1::GetTagRequest* request,
                                   v1::GetTagResponse* response) override;
  grpc::ServerUnaryReactor* ListTags(grpc::CallbackServerContext* context, const v1::ListTagsRequest* request,
                                     v1::ListTagsResponse* response) override;
  grpc::ServerUnaryReactor* GetPost(grpc::CallbackServerContext* context, const v1::GetPostRequest* request,
                                    v1::GetPostResponse* response) override;
  grpc::ServerUnaryReactor* BatchGetPosts(grpc::CallbackServerContext* context, const v1::BatchGetPostsRequest* request,
                                          v1::BatchGetPostsResponse* response) override;
  grpc::ServerUnaryReactor* ListPosts(grpc::CallbackServerContext* context, const v1::ListPostsRequest* request,
                                      v1::ListPostsResponse* response) override;
  grpc::ServerUnaryReactor* SamplePosts(grpc::CallbackServerContext* context, const v1::SamplePostsRequest* request,
                                        v1::SamplePostsResponse* response) override;

 private:
  // Calls handler(deps_, *request, response) on the call pool.
  template <typename Request, typename Response>
  grpc::ServerUnaryReactor* Answer(const char* method, grpc::CallbackServerContext* context, const Request* request,
                                   Response* response,
                                   absl::Status (*handler)(const ServiceDeps&, const Request&, Response*));

  const ServiceDeps deps_;
};

}  // namespace millrace
