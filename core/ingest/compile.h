// From a dataset in the catalog to a snapshot file.
#pragma once

#include <functional>
#include <string_view>

#include "absl/status/statusor.h"
#include "core/catalog/catalog.h"
#include "core/snapshot/store.h"

namespace millrace {

struct CompiledSnapshot {
  SnapshotRecord record;
  bool created = false;  // false: a snapshot with this content was there
};

// Compiles the dataset as it is at one moment, writes the file into the store, records it in the catalog, and makes its
// postings. Takes seconds for millions of posts. kDatasetNotFound, kDiskFull, kIoError; kCancelled when `cancelled`
// (may be empty; asked now and then) returns true. Whatever the error, nothing is changed.
absl::StatusOr<CompiledSnapshot> CompileSnapshot(Catalog& catalog, SnapshotStore& store, std::string_view dataset,
                                                 const std::function<bool()>& cancelled = {});

}  // namespace millrace
