// A plan opened over a selection: which rows are in a split, in which order an epoch visits them, and which of
// them a rank gets at a step. Pure functions of the specification; nothing is stored a row.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/plan/permutation.h"
#include "core/plan/plan_spec.h"

namespace millrace {

inline constexpr int64_t kEpochMax = 2147483647;
inline constexpr int32_t kWorldSizeMax = 65536;

// Where a trainer is in a split.
struct Position {
  int64_t epoch = 0;
  int64_t step = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

// One rank of a world.
struct Rank {
  int32_t rank = 0;
  int32_t world_size = 1;
};

// kFieldInvalid (fields "rank", "world_size") unless 0 <= rank < world_size <= kWorldSizeMax.
absl::Status ValidateRank(Rank rank);

struct SplitInfo {
  std::string name;
  int64_t sample_count = 0;
  int64_t batch_count = 0;  // steps of an epoch
};

// Which samples of an epoch a rank gets at a step.
struct BatchSlice {
  int64_t global_sample_count = 0;  // of the step over all ranks, padding included
  int64_t global_offset = 0;        // samples of the step before this slice
  int64_t first_sample = 0;   // number in the epoch of the slice's first sample; padding runs past the split's end
  int64_t sample_count = 0;   // in this slice, padding included
  int64_t padding_count = 0;  // of these, at the end
};

// One epoch's order over a split. Immutable, so thread-safe; small; keep it for the steps of an epoch.
class EpochOrder {
 public:
  // rows[i] = the selection's index of sample (first_sample + i); samples past the split's end wrap around to
  // the epoch's start (padding). Requires a non-empty split.
  void Rows(int64_t first_sample, absl::Span<int64_t> rows) const;

 private:
  friend class Plan;
  EpochOrder(Permutation selection, Permutation epoch, int64_t split_start)
      : selection_(std::move(selection)), epoch_(std::move(epoch)), split_start_(split_start) {}
  // A copy of the plan's, so that the order may outlive the plan: 2 KiB at most.
  Permutation selection_;
  Permutation epoch_;    // of the split
  int64_t split_start_;  // where the split begins in the permuted selection
};

// Immutable, so thread-safe.
class Plan {
 public:
  // Requires a valid specification and selection_size in [1, Permutation::kSizeMax]. Costs microseconds.
  static absl::StatusOr<Plan> Open(PlanSpec spec, int64_t selection_size);

  const PlanSpec& spec() const { return spec_; }
  int64_t selection_size() const { return selection_size_; }
  absl::Span<const SplitInfo> splits() const { return splits_; }
  // kSplitNotFound, naming those there are.
  absl::StatusOr<size_t> FindSplit(std::string_view name) const;

  // kFieldInvalid for a rank outside its world (fields "rank", "world_size"), or a negative or too large epoch or
  // step; kStepPastEnd for step >= batch_count.
  absl::StatusOr<BatchSlice> Slice(size_t split, Position position, Rank rank) const;
  // kFieldInvalid for an epoch out of range; kStepPastEnd for an empty split.
  absl::StatusOr<EpochOrder> OpenEpoch(size_t split, int64_t epoch) const;

 private:
  Plan(PlanSpec spec, Permutation selection);
  PlanSpec spec_;
  int64_t selection_size_;
  Permutation selection_;  // in this order the selection is dealt to the splits
  std::vector<SplitInfo> splits_;
  std::vector<int64_t> split_starts_;  // where each begins in the permuted selection
};

}  // namespace millrace
