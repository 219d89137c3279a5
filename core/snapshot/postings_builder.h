// Makes a snapshot's postings: from the tags of each post, the posts of each tag.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Writes the file durably and puts it at `path` by rename; whatever lay there is replaced. The bytes depend on the
// snapshot alone. Works in passes over the tag lists that hold at most 64 MiB of
// rows each. kCancelled when `cancelled` (may be empty; asked now and then) returns true; kDiskFull, kIoError,
// kSnapshotDamaged. After an error `path` is as it was.
absl::Status BuildPostings(const Snapshot& snapshot, const std::string& path, const std::function<bool()>& cancelled);

}  // namespace millrace
