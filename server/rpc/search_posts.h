// The posts that match a query, page by page.
#pragma once

#include "absl/status/status.h"
#include "core/query/cancel.h"
#include "millrace/v1/query_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

absl::Status SearchPosts(const ServiceDeps& deps, const v1::SearchPostsRequest& request, const Cancelled& cancelled,
                         v1::SearchPostsResponse* response);

}  // namespace millrace
