// CatalogService's questions about posts, over datasets and snapshots alike.
#pragma once

#include "absl/status/status.h"
#include "millrace/v1/catalog_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

absl::Status GetPost(const ServiceDeps& deps, const v1::GetPostRequest& request, v1::GetPostResponse* response);
absl::Status BatchGetPosts(const ServiceDeps& deps, const v1::BatchGetPostsRequest& request,
                           v1::BatchGetPostsResponse* response);
absl::Status ListPosts(const ServiceDeps& deps, const v1::ListPostsRequest& request, v1::ListPostsResponse* response);

}  // namespace millrace
