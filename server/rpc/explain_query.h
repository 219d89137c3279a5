// What a query means, term by term.
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "millrace/v1/query_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

// Asks `cancelled` before each term; kCancelled when it returns true.
absl::Status ExplainQuery(const ServiceDeps& deps, const v1::ExplainQueryRequest& request,
                          const std::function<bool()>& cancelled, v1::ExplainQueryResponse* response);

}  // namespace millrace
