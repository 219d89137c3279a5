// What a split's batches are, read once, so that batches which arrive on thousands of streams can be checked.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "millrace/v1/loader_service.grpc.pb.h"

namespace millrace::bench {

// The posts of the first epochs' batches, by a hash for each. Immutable, so thread-safe.
class BatchReference {
 public:
  // Streams all of it. Requires that the whole is small enough for that: some ten thousand batches.
  static BatchReference Read(v1::LoaderService::Stub& stub, v1::StreamBatchesRequest request, int64_t epoch_count);

  int64_t epoch_count() const { return epoch_count_; }
  int64_t batch_count() const { return static_cast<int64_t>(hashes_.size()); }
  int64_t steps_per_epoch() const { return batch_count() / epoch_count_; }

  // Whether a batch is, post by post, the one at `index`, counted over all epochs.
  bool Matches(int64_t index, const v1::Batch& batch) const;

 private:
  static uint64_t HashOf(const v1::Batch& batch);

  int64_t epoch_count_ = 0;
  std::vector<uint64_t> hashes_;
};

}  // namespace millrace::bench
