// CatalogService's questions about tags, over datasets and snapshots alike.
#pragma once

#include "absl/status/status.h"
#include "millrace/v1/catalog_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

absl::Status GetTag(const ServiceDeps& deps, const v1::GetTagRequest& request, v1::GetTagResponse* response);
absl::Status ListTags(const ServiceDeps& deps, const v1::ListTagsRequest& request, v1::ListTagsResponse* response);

}  // namespace millrace
