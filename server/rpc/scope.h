// What a request looks into: a dataset as it is now, or a snapshot.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/snapshot/snapshot.h"
#include "server/rpc/request.h"
#include "server/rpc/services.h"

namespace millrace {

// One of the two.
struct Scope {
  std::string dataset;                       // empty: a snapshot
  std::shared_ptr<const Snapshot> snapshot;  // null: a dataset; shared with the store, which may delete its file
};

// The snapshot that a request names by its digest or a prefix. kSnapshotNotFound, kSnapshotMissing, ...
absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot(const ServiceDeps& deps, std::string_view field,
                                                             std::string_view reference);

// The dataset's newest snapshot. kSnapshotRequired when it has none.
absl::StatusOr<std::string> NewestSnapshotOf(const ServiceDeps& deps, std::string_view dataset);

// For requests with a oneof `scope` of dataset and snapshot. Whether the dataset exists is left to the catalog.
template <typename Request>
absl::StatusOr<Scope> ResolveScope(const ServiceDeps& deps, const Request& request) {
  Scope scope;
  if (request.has_dataset()) {
    MILLRACE_RETURN_IF_ERROR(CheckName("dataset", request.dataset()));
    scope.dataset = request.dataset();
    return scope;
  }
  if (request.has_snapshot()) {
    MILLRACE_ASSIGN_OR_RETURN(scope.snapshot, OpenSnapshot(deps, "snapshot", request.snapshot()));
    return scope;
  }
  return FieldError("scope", "is required: name a dataset or a snapshot");
}

}  // namespace millrace
