// The snapshot that a query is about.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "core/base/error.h"
#include "core/snapshot/snapshot.h"
#include "server/rpc/scope.h"
#include "server/rpc/services.h"

namespace millrace {

// For requests with a oneof `scope` of dataset and snapshot, where a dataset stands for its newest snapshot.
template <typename Request>
absl::StatusOr<std::shared_ptr<const Snapshot>> OpenQueryScope(const ServiceDeps& deps, const Request& request) {
  MILLRACE_ASSIGN_OR_RETURN(Scope scope, ResolveScope(deps, request));
  if (scope.snapshot != nullptr) return std::move(scope.snapshot);
  MILLRACE_ASSIGN_OR_RETURN(const std::string digest, NewestSnapshotOf(deps, scope.dataset));
  return deps.snapshots->Get(digest);
}

}  // namespace millrace
