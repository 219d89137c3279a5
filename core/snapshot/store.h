// The folder of snapshot files, and those that are open.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/base/mutex.h"
#include "core/snapshot/resident_memory.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Thread-safe. Every stream and request of one snapshot shares one copy or mapping. The store keeps the most recently
// used snapshots open; others close when their last user lets go.
class SnapshotStore {
 public:
  // Creates the folder when missing; removes what an interrupted compilation left in it.
  // Snapshots that are open may take `resident_size_bytes_max` of memory together, each its whole file's size; those
  // that find no room are mapped, and the system keeps of them in memory what it likes.
  static absl::StatusOr<std::unique_ptr<SnapshotStore>> Open(const std::string& folder,
                                                             int64_t resident_size_bytes_max = 0);

  // shared_ptr: a deleted snapshot lives on, unlinked, for the streams that read it.
  // kSnapshotMissing, kSnapshotDamaged as Snapshot::Open.
  absl::StatusOr<std::shared_ptr<const Snapshot>> Get(std::string_view digest);
  // Removes the file and its postings, durably. OK when they are not there.
  absl::Status Delete(std::string_view digest);
  bool Contains(std::string_view digest) const;
  const std::string& folder() const { return folder_; }

 private:
  SnapshotStore(std::string folder, int64_t resident_size_bytes_max)
      : folder_(std::move(folder)), budget_(std::make_shared<ResidentBudget>(resident_size_bytes_max)) {}
  std::string PathOf(std::string_view digest) const;
  // The open snapshot; null when there is none, or one that has met damage.
  std::shared_ptr<const Snapshot> FindOpen(std::string_view digest) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Makes it the most recent of those kept; returns the one that it replaced or pushed out, to be released
  // after the lock.
  std::shared_ptr<const Snapshot> Keep(const std::shared_ptr<const Snapshot>& snapshot)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  static constexpr size_t kKeptOpenMax = 16;

  const std::string folder_;
  const std::shared_ptr<ResidentBudget> budget_;
  Mutex mutex_;
  std::map<std::string, std::weak_ptr<const Snapshot>, std::less<>> open_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::shared_ptr<const Snapshot>> kept_ ABSL_GUARDED_BY(mutex_);  // most recent last
};

}  // namespace millrace
