// Reading a whole snapshot file to find out whether it is as it was written.
#pragma once

#include "absl/status/statusor.h"
#include "core/snapshot/checked_file.h"
#include "core/snapshot/snapshot.h"

namespace millrace::snapshot_file {

// As Snapshot::Verify.
absl::StatusOr<VerifyReport> VerifyFile(const CheckedFile& file, bool (*cancelled)(void*), void* context);

}  // namespace millrace::snapshot_file
