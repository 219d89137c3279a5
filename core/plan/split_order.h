// In which order an epoch visits a split's members (docs/plan-specification.md, section 6).
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/plan/plan_spec.h"

namespace millrace {

// One epoch's sequence of members: sample i is a pure function of the plan, the epoch and i. Immutable, so
// thread-safe; borrows the SplitOrder it is from.
class EpochSequence {
 public:
  virtual ~EpochSequence() = default;
  // members[i] = the member that is sample first_sample + i. Requires 0 <= first_sample, and the last one within
  // the epoch.
  virtual void Fill(int64_t first_sample, absl::Span<int64_t> members) const = 0;
  // The samples that are this member, ascending; at most `limit`. Orders that draw look through the epoch.
  virtual std::vector<int64_t> Find(int64_t member, size_t limit) const = 0;
};

// What a split's order needs of its members, by member. Empty where the order does not ask.
struct MemberValues {
  std::vector<int64_t> weights;
  std::vector<uint8_t> mix_parts;
};

// Computed once, when the plan is opened. Immutable, so thread-safe.
class SplitOrder {
 public:
  virtual ~SplitOrder() = default;
  // kFieldInvalid, naming the field, for weights that are all 0 or too large together, more samples without
  // replacement than there are members to draw, and parts of a mix that hold no member. A split without members
  // has an order without samples, whatever its kind.
  static absl::StatusOr<std::unique_ptr<const SplitOrder>> Create(const PlanSpec& spec, size_t split,
                                                                  int64_t member_count, MemberValues values);

  // Samples of an epoch.
  virtual int64_t sample_count() const = 0;
  // Requires sample_count() > 0 and an epoch in range. Costs microseconds, or as much as a mix's deck.
  virtual absl::StatusOr<std::unique_ptr<const EpochSequence>> OpenEpoch(int64_t epoch) const = 0;
  virtual size_t memory_bytes() const = 0;
};

}  // namespace millrace
