// The `partitioned` strategy in half coverage: the seed system's rule, batch for batch (docs/plan-specification.md).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace millrace {

// The splits that the rule knows, in the order in which it deals batches to them.
enum class SeedSplit { kTrain = 0, kValidation = 1, kTest = 2 };
inline constexpr size_t kSeedSplitCount = 3;

struct SeedPartitionSpec {
  int64_t row_count = 0;   // of the selection
  int64_t batch_size = 0;  // rows of a batch, and half the rows of a partition
  uint64_t seed = 0;
  // Of the batches, whole numbers from 0 to 100; train has the rest.
  int32_t validation_percent = 0;
  int32_t test_percent = 0;
};

// How many of the batches a split with that percentage gets: the whole part, though never none. Requires
// batch_count >= 0 and percent in [0, 100].
int64_t SeedShare(int64_t batch_count, int32_t percent);

// Every batch of a plan: there is no computing one without those before it. 4 bytes for each row served (half of the
// selection) and 4 for each batch. Rows are counted from 0, as row ids are from 1 in the seed system. Immutable,
// so thread-safe.
class SeedPartition {
 public:
  static constexpr int64_t kRowCountMax = int64_t{1} << 32;

  // kFieldInvalid when a number is out of its range, or when train, validation and test would not have at least
  // one batch each.
  static absl::StatusOr<SeedPartition> Create(const SeedPartitionSpec& spec);

  int64_t batch_size() const { return batch_size_; }
  // At least 1.
  int64_t batch_count(SeedSplit split) const { return batch_counts_[static_cast<size_t>(split)]; }

  // The rows of one batch in the order drawn; in ascending order they are in that of the seed system's database. Valid
  // as long as this object. Requires 0 <= step < batch_count(split).
  absl::Span<const uint32_t> Batch(SeedSplit split, int64_t step) const;

  struct Place {
    SeedSplit split;
    int64_t step;
    int64_t index;  // within the batch, in the order drawn
  };
  // Where a row is served: nowhere for half of them. Takes time in proportion to the number of batches.
  std::optional<Place> Find(int64_t row) const;

 private:
  SeedPartition() = default;

  int64_t batch_size_ = 0;
  std::array<int64_t, kSeedSplitCount> batch_counts_ = {};
  std::vector<uint32_t> rows_;        // partition after partition
  std::vector<uint32_t> partitions_;  // whose batch each step serves, split after split
};

}  // namespace millrace
