// Why a post is in a batch, and where the posts of a batch come from: a plan's rules with the numbers that they went
// by, so that anybody can check them against docs/plan-specification.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan.h"
#include "core/query/cancel.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

inline constexpr size_t kAppearanceCountMax = 1000;
inline constexpr int64_t kExplainedSampleCountMax = 10'000;
// Of an epoch drawn with replacement all samples have to be looked through: up to this many, about a second's worth.
inline constexpr int64_t kSearchedSampleCountMax = int64_t{1} << 28;

// A post in a global batch.
struct Appearance {
  int64_t step = 0;
  int64_t global_index = 0;  // its place in the global batch
  int64_t sample = 0;        // of the epoch; of padding, the sample that it repeats
  bool is_padding = false;
  friend bool operator==(const Appearance&, const Appearance&) = default;
};

// Where an epoch of `sample_count` samples has those of one member, ascending by step and place; at most
// kAppearanceCountMax. Requires ascending samples. None for what is left out of the last batch.
std::vector<Appearance> AppearancesOf(const std::vector<int64_t>& samples, int64_t sample_count, int64_t batch_size,
                                      LastBatch last_batch);

struct PostExplanation {
  int64_t row = 0;  // of the snapshot
  bool is_selected = false;
  std::optional<size_t> split;
  std::vector<std::string> reasons;  // in the order in which they apply
  std::vector<Appearance> appearances;
};

// kPostNotFound when the snapshot has no such post; kFieldInvalid for an epoch out of range; kSnapshotDamaged. The plan
// and the snapshot must belong together. Costs up to as much as opening the plan; kCancelled when `cancelled` returns
// true meanwhile.
absl::StatusOr<PostExplanation> ExplainPost(const Plan& plan, const Snapshot& snapshot, int64_t post_id, int64_t epoch,
                                            const Cancelled& cancelled = {});

struct ExplainedSample {
  int64_t sample = 0;  // of the epoch; of padding, the sample that it repeats
  int64_t member = 0;  // of the split
  int64_t row = 0;     // of the snapshot
  int64_t post_id = 0;
  bool is_padding = false;
};

struct StepExplanation {
  std::vector<std::string> reasons;
  std::vector<ExplainedSample> samples;  // of the global batch, in order; at most kExplainedSampleCountMax
  int64_t sample_count = 0;              // of the global batch
};

// kFieldInvalid for a position out of range; kStepPastEnd; kSnapshotDamaged.
absl::StatusOr<StepExplanation> ExplainStep(const Plan& plan, const Snapshot& snapshot, size_t split,
                                            Position position);

}  // namespace millrace
