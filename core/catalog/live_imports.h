// Which imports have a session in this process. An import that the records call running but that is not here
// was left behind: by a crash, or because not even its failure could be written down.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "core/base/mutex.h"

namespace millrace {

// Thread-safe.
class LiveImports {
 public:
  void Add(int64_t dataset_id, int64_t import_id) {
    MutexLock lock(mutex_);
    import_by_dataset_[dataset_id] = import_id;
  }
  void Remove(int64_t dataset_id) {
    MutexLock lock(mutex_);
    import_by_dataset_.erase(dataset_id);
  }
  std::optional<int64_t> Find(int64_t dataset_id) const {
    MutexLock lock(mutex_);
    const auto import = import_by_dataset_.find(dataset_id);
    if (import == import_by_dataset_.end()) return std::nullopt;
    return import->second;
  }

 private:
  mutable Mutex mutex_;
  absl::flat_hash_map<int64_t, int64_t> import_by_dataset_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace millrace
