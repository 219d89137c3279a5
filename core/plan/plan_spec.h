// What a plan is made of, its canonical form and its id (docs/plan-specification.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/post.h"
#include "core/model/tag_reading.h"

namespace millrace {

// Same numbers as in the proto.
enum class SplitStrategy { kExact = 1, kHash = 2, kIdRange = 3, kStratified = 4, kPartitioned = 5 };
enum class OrderKind { kEpoch = 1, kFixed = 2, kSequential = 3, kBlock = 4, kWeighted = 5, kMixed = 6 };
enum class LastBatch { kKeep = 1, kDrop = 2, kPad = 3 };
// What one split must hold whole.
enum class SplitUnit { kPost = 1, kParent = 2, kArtist = 3, kPool = 4 };
enum class Coverage { kFull = 1, kHalf = 2 };
enum class BatchRows { kDrawn = 1, kAscending = 2 };
enum class StratifyBy { kRating = 1, kTag = 2, kCategory = 3 };
enum class WeightsBy { kQueries = 1, kTagFrequency = 2 };

// Both included.
struct IdRange {
  int64_t first = 0;
  int64_t last = 0;
  friend auto operator<=>(const IdRange&, const IdRange&) = default;
};

struct SplitSpec {
  std::string name;
  int64_t share = 0;  // 0 with kIdRange
  OrderKind order = OrderKind::kEpoch;
  std::vector<IdRange> ranges;  // with kIdRange only; ascending
  int64_t block_rows = 0;       // with kBlock only
  int64_t window_blocks = 0;    // with kBlock only
  friend bool operator==(const SplitSpec&, const SplitSpec&) = default;
};

struct StratifySpec {
  StratifyBy by = StratifyBy::kRating;
  std::string tag;                                   // with kTag only
  TagCategory category = TagCategory::kUnspecified;  // with kCategory only
  friend bool operator==(const StratifySpec&, const StratifySpec&) = default;
};

struct QueryWeight {
  std::string query;
  int64_t weight = 0;
  friend bool operator==(const QueryWeight&, const QueryWeight&) = default;
};

struct WeightsSpec {
  WeightsBy by = WeightsBy::kQueries;
  std::vector<QueryWeight> queries;     // with kQueries only
  int64_t otherwise = 0;                // with kQueries only
  int64_t cap = 0;                      // with kTagFrequency only
  int64_t power_quarters = 0;           // with kTagFrequency only
  std::optional<TagCategory> category;  // with kTagFrequency only; absent: all tags
  bool replacement = false;
  int64_t epoch_samples = 0;  // 0: as many as there are to draw from
  friend bool operator==(const WeightsSpec&, const WeightsSpec&) = default;
};

struct MixPart {
  std::string query;  // may be empty
  int64_t share = 0;
  friend bool operator==(const MixPart&, const MixPart&) = default;
};

struct MixSpec {
  std::vector<MixPart> parts;
  int64_t epoch_samples = 0;  // 0: as many as the parts hold
  friend bool operator==(const MixSpec&, const MixSpec&) = default;
};

// Every default is filled in, and queries are in canonical form (core/query): the rpc layer does that.
struct PlanSpec {
  std::string snapshot;  // full digest
  std::string query;     // empty: every post
  uint64_t seed = 0;
  SplitStrategy strategy = SplitStrategy::kExact;
  SplitUnit unit = SplitUnit::kPost;
  int64_t modulus = 0;                       // with kIdRange only
  std::optional<StratifySpec> stratify;      // with kStratified only
  Coverage coverage = Coverage::kFull;       // kPartitioned
  BatchRows batch_rows = BatchRows::kDrawn;  // kPartitioned
  std::vector<SplitSpec> splits;
  std::optional<WeightsSpec> weights;  // exactly when a split's order is kWeighted
  std::optional<MixSpec> mix;          // exactly when a split's order is kMixed
  int64_t batch_size = 0;
  LastBatch last_batch = LastBatch::kKeep;
  TagReading tags = TagReading::kAsSaid;
  friend bool operator==(const PlanSpec&, const PlanSpec&) = default;
};

inline constexpr int64_t kBatchSizeMax = 1 << 20;
inline constexpr int64_t kShareMax = 2147483647;
inline constexpr size_t kSplitCountMax = 64;
inline constexpr size_t kHalfCoverageSplitCount = 3;
inline constexpr size_t kQuerySizeMax = 4096;     // bytes of a query or a tag's name
inline constexpr size_t kIdRangeCountMax = 1024;  // of a split
inline constexpr int64_t kModulusMax = 2147483647;
inline constexpr int64_t kWindowRowsMax = 2147483647;  // block_rows * window_blocks
inline constexpr size_t kWeightQueryCountMax = 256;
inline constexpr int64_t kWeightMax = 2147483647;
inline constexpr int64_t kWeightCapMax = 1 << 20;
inline constexpr size_t kMixPartCountMax = 64;
inline constexpr int64_t kMixDeckMax = 65536;  // the parts' shares, reduced, together
inline constexpr int64_t kEpochSamplesMax = int64_t{1} << 40;

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
