#include "server/rpc/query_service.h"

#include "server/rpc/call.h"
#include "server/rpc/explain_query.h"
#include "server/rpc/search_posts.h"

namespace millrace {

grpc::ServerUnaryReactor* QueryService::ExplainQuery(grpc::CallbackServerContext* context,
                                                     const v1::ExplainQueryRequest* request,
                                                     v1::ExplainQueryResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.QueryService/ExplainQuery", context,
      [=, this](const auto& cancelled) { return millrace::ExplainQuery(deps_, *request, cancelled, response); });
}

grpc::ServerUnaryReactor* QueryService::SearchPosts(grpc::CallbackServerContext* context,
                                                    const v1::SearchPostsRequest* request,
                                                    v1::SearchPostsResponse* response) {
  return StartUnary(
      deps_, deps_.call_pool, "millrace.v1.QueryService/SearchPosts", context,
      [=, this](const auto& cancelled) { return millrace::SearchPosts(deps_, *request, cancelled, response); });
}

}  // namespace millrace
