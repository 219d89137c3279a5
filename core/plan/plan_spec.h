// What a plan is made of, its canonical form and its id (docs/plan-specification.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace millrace {

// Same numbers as in the proto.
enum class SplitStrategy { kExact = 1 };
enum class OrderKind { kEpoch = 1, kFixed = 2 };
enum class LastBatch { kKeep = 1, kDrop = 2, kPad = 3 };

struct SplitSpec {
  std::string name;
  int64_t share = 0;
  OrderKind order = OrderKind::kEpoch;
  friend bool operator==(const SplitSpec&, const SplitSpec&) = default;
};

// Every default is filled in: the rpc layer does that, by DefaultSplits and DefaultOrder.
struct PlanSpec {
  std::string snapshot;  // full digest
  uint64_t seed = 0;
  SplitStrategy strategy = SplitStrategy::kExact;
  std::vector<SplitSpec> splits;
  int64_t batch_size = 0;
  LastBatch last_batch = LastBatch::kKeep;
  friend bool operator==(const PlanSpec&, const PlanSpec&) = default;
};

inline constexpr int64_t kBatchSizeMax = 1 << 20;
inline constexpr int64_t kShareMax = 2147483647;
inline constexpr size_t kSplitCountMax = 64;

// train 80, validation 10, test 10.
std::vector<SplitSpec> DefaultSplits();
// kFixed for "validation" and "test", kEpoch for any other name.
OrderKind DefaultOrder(std::string_view split_name);

// kFieldInvalid naming the first field at fault, as the request spells it ("spec.splits[1].share").
absl::Status ValidatePlanSpec(const PlanSpec& spec);

// One JSON text per specification: equal specifications give equal bytes. Requires a valid one.
std::string CanonicalForm(const PlanSpec& spec);
// The inverse. kInternal when the text is not one that CanonicalForm makes.
absl::StatusOr<PlanSpec> ParseCanonicalForm(std::string_view canonical_form);
// SHA-256 of the canonical form in hexadecimal digits.
std::string PlanIdOf(std::string_view canonical_form);

}  // namespace millrace
