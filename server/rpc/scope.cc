#include "server/rpc/scope.h"

#include "absl/strings/str_cat.h"

namespace millrace {

absl::StatusOr<std::shared_ptr<const Snapshot>> OpenSnapshot(const ServiceDeps& deps, std::string_view field,
                                                             std::string_view reference) {
  MILLRACE_ASSIGN_OR_RETURN(const std::string digest, DigestReference(field, reference));
  MILLRACE_ASSIGN_OR_RETURN(const SnapshotRecord record, deps.catalog->GetSnapshot(digest));
  return deps.snapshots->Get(record.digest);
}

absl::StatusOr<std::string> NewestSnapshotOf(const ServiceDeps& deps, std::string_view dataset) {
  MILLRACE_ASSIGN_OR_RETURN(const DatasetInfo info, deps.catalog->GetDataset(dataset));
  if (info.newest_snapshot.empty()) {
    return MakeError(Reason::kSnapshotRequired,
                     absl::StrCat("the dataset ", info.name, " has no snapshot yet; create one with CreateSnapshot"),
                     {{"dataset", info.name}});
  }
  return info.newest_snapshot;
}

}  // namespace millrace
