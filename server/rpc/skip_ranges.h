// The steps that a stream leaves out because its request says so.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "core/plan/plan.h"
#include "google/protobuf/repeated_field.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace {

inline constexpr int kSkipRangeCountMax = 1000;

// Immutable, so thread-safe.
class SkipRanges {
 public:
  SkipRanges() = default;
  // kFieldInvalid ("skip[2].last_step") for a range that is empty, or not within an epoch of so many batches. Ranges
  // may overlap and come in any order.
  static absl::StatusOr<SkipRanges> Create(const google::protobuf::RepeatedPtrField<v1::StepRange>& ranges,
                                           int64_t batch_count);

  // How many steps of the position's epoch are left out from its step on, in a row.
  int64_t StepsFrom(Position position) const;

 private:
  struct Range {
    Position first;
    int64_t end_step;
  };
  std::vector<Range> ranges_;  // ascending; apart by at least one step
};

}  // namespace millrace
