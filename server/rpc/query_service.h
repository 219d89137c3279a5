// millrace.v1.QueryService.
#pragma once

#include "millrace/v1/query_service.grpc.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// All of it runs on the call pool: a query over millions of posts takes milliseconds. Thread-safe.
class QueryService final : public v1::QueryService::CallbackService {
 public:
  explicit QueryService(const ServiceDeps& deps) : deps_(deps) {}

  grpc::ServerUnaryReactor* ExplainQuery(grpc::CallbackServerContext* context, const v1::ExplainQueryRequest* request,
                                         v1::ExplainQueryResponse* response) override;
  grpc::ServerUnaryReactor* SearchPosts(grpc::CallbackServerContext* context, const v1::SearchPostsRequest* request,
                                        v1::SearchPostsResponse* response) override;

 private:
  const ServiceDeps deps_;
};

}  // namespace millrace
