// A plan opened over a selection: which rows are in a split, in which order an epoch visits them, and which of
// them a rank gets at a step. Pure functions of the specification and the snapshot.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/plan/plan_input.h"
#include "core/plan/plan_spec.h"
#include "core/plan/row_list.h"
#include "core/plan/split_members.h"
#include "core/plan/split_order.h"

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
  int64_t member_count = 0;  // posts in the split
  int64_t sample_count = 0;  // of an epoch: the posts, unless weights or a mix say otherwise
  int64_t batch_count = 0;   // steps of an epoch
};

// A member of a split.
struct Membership {
  size_t split = 0;
  int64_t member = 0;
  friend bool operator==(const Membership&, const Membership&) = default;
};

// Which samples of an epoch a rank gets at a step.
struct BatchSlice {
  int64_t global_sample_count = 0;  // of the step over all ranks, padding included
  int64_t global_offset = 0;        // samples of the step before this slice
  int64_t first_sample = 0;   // number in the epoch of the slice's first sample; padding runs past the split's end
  int64_t sample_count = 0;   // in this slice, padding included
  int64_t padding_count = 0;  // of these, at the end
};

class Plan;

// One epoch's order over a split. Immutable, so thread-safe; small; keep it for the steps of an epoch. Borrows the
// plan, which must stay where it is.
class EpochOrder {
 public:
  // rows[i] = the snapshot's row of sample (first_sample + i); samples past the epoch's end wrap around to its start
  // (padding). Requires first_sample >= 0.
  void Rows(int64_t first_sample, absl::Span<int64_t> rows) const;
  // The same, as numbers of the split's members.
  void Members(int64_t first_sample, absl::Span<int64_t> members) const;
  const EpochSequence& sequence() const { return *sequence_; }

 private:
  friend class Plan;
  EpochOrder(const Plan* plan, size_t split, std::unique_ptr<const EpochSequence> sequence)
      : plan_(plan), split_(split), sequence_(std::move(sequence)) {}
  const Plan* plan_;
  size_t split_;
  std::unique_ptr<const EpochSequence> sequence_;
};

// Immutable, so thread-safe.
class Plan {
 public:
  // Requires the input that NeedsOf(spec) asks for. Costs microseconds when the strategy is exact over posts, the
  // orders are epoch or fixed, and there is no query; otherwise some nanoseconds a selected post. kFieldInvalid for a
  // fault of the specification, or one that shows only over these posts; kSnapshotEmpty; kSelectionEmpty.
  static absl::StatusOr<Plan> Open(PlanSpec spec, PlanInput input);
  // Over a whole snapshot, for specifications that need no more.
  static absl::StatusOr<Plan> Open(PlanSpec spec, int64_t row_count);

  const PlanSpec& spec() const { return spec_; }
  // Posts of the snapshot.
  int64_t row_count() const { return row_count_; }
  // Posts that the query selects.
  int64_t selection_size() const { return selection_.has_value() ? selection_->size() : row_count_; }
  // Of these, the posts in no split.
  int64_t unassigned_count() const;
  absl::Span<const SplitInfo> splits() const { return splits_; }
  // Sentences on what the specification alone does not tell, for people.
  absl::Span<const std::string> notes() const { return notes_; }
  // What the plan keeps, but for a few kilobytes.
  size_t memory_bytes() const;

  // kSplitNotFound, naming those there are.
  absl::StatusOr<size_t> FindSplit(std::string_view name) const;

  // kFieldInvalid for a rank outside its world (fields "rank", "world_size"), or a negative or too large epoch or
  // step; kStepPastEnd for step >= batch_count.
  absl::StatusOr<BatchSlice> Slice(size_t split, Position position, Rank rank) const;
  // kFieldInvalid for an epoch out of range; kStepPastEnd for an empty split.
  absl::StatusOr<EpochOrder> OpenEpoch(size_t split, int64_t epoch) const;

  // rows[i] = the snapshot's row of the member rows[i] of a split, in place.
  void RowsOfMembers(size_t split, absl::Span<int64_t> rows) const;
  // The place of a row of the snapshot in the selection; nothing when the query does not select it.
  std::optional<int64_t> ElementOf(int64_t row) const;
  // Where a row is; nothing when it is in no split. May look through all members.
  std::optional<Membership> FindRow(int64_t row) const;
  std::optional<size_t> SplitOf(int64_t row) const;

 private:
  Plan() = default;

  PlanSpec spec_;
  int64_t row_count_ = 0;
  std::optional<RowList> selection_;  // absent: every row
  // One a split.
  std::vector<SplitInfo> splits_;
  std::vector<SplitMembers> members_;
  std::vector<std::unique_ptr<const SplitOrder>> orders_;
  std::vector<std::string> notes_;
};

}  // namespace millrace
