// Members sorted by weight: what the order `weighted` draws from (docs/plan-specification.md, "weighted").
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"

namespace millrace {

// The members of one weight. Class 0 has the largest weight.
struct WeightClass {
  int64_t weight = 0;
  int64_t first_place = 0;  // of its members in the list of all of them
  int64_t member_count = 0;
  int64_t weight_start = 0;  // the sum of the weights of the classes before
};

// Where a weight's number is found.
struct ClassRank {
  size_t class_number = 0;
  int64_t rank = 0;  // in the class
};

// Immutable, so thread-safe. 4 bytes a member and 32 a weight.
class WeightClasses {
 public:
  static constexpr int64_t kTotalMax = INT64_MAX;
  static constexpr int64_t kMemberCountMax = int64_t{1} << 32;

  // Members of weight 0 are left out. Requires at most kMemberCountMax weights, none negative. Nothing when they add
  // up to more than kTotalMax.
  static std::optional<WeightClasses> Create(absl::Span<const int64_t> weights);

  absl::Span<const WeightClass> classes() const { return classes_; }
  int64_t member_count() const { return static_cast<int64_t>(members_.size()); }
  int64_t total() const { return total_; }
  // The member at a place: class by class, ascending in each.
  int64_t MemberAt(int64_t place) const { return members_[static_cast<size_t>(place)]; }
  // Requires 0 <= number < total().
  ClassRank Find(int64_t number) const;
  // The place of a member, or nothing when its weight is 0.
  std::optional<int64_t> PlaceOf(int64_t member) const;
  // The class that a place lies in.
  size_t ClassOf(int64_t place) const;
  size_t memory_bytes() const;

 private:
  WeightClasses() = default;

  std::vector<WeightClass> classes_;
  std::vector<uint32_t> members_;
  int64_t total_ = 0;
};

}  // namespace millrace
