// What a plan needs to know of rows, read from a snapshot. A reader is opened for a specification once and then asked
// for a run of rows at a time: all rows of a selection, or the one that is to be explained.
//
// Read's rows ascend and belong to the snapshot; its errors are kSnapshotDamaged and, where there are queries and
// `cancelled` returns true, kCancelled. Readers borrow the snapshot and
// are not thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/batch/family_roots.h"
#include "core/batch/rarest_tag.h"
#include "core/plan/plan_input.h"
#include "core/plan/plan_spec.h"
#include "core/query/query_matcher.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// The query of a field ("spec.weights.queries.queries[3].query"). kQueryInvalid, with metadata "field".
absl::StatusOr<Query> ParseQueryField(const std::string& field, const std::string& text);
absl::StatusOr<BoundQuery> BindQueryField(const std::string& field, const std::string& text, const Snapshot& snapshot,
                                          const Cancelled& cancelled);
std::string WeightQueryField(size_t index);
std::string MixPartField(size_t index);

class UnitKeyReader {
 public:
  using Value = UnitKey;
  static absl::StatusOr<UnitKeyReader> Open(const PlanSpec& spec, const Snapshot& snapshot, const Cancelled& cancelled);
  absl::Status Read(absl::Span<const uint32_t> rows, absl::Span<UnitKey> keys);

 private:
  UnitKeyReader(SplitUnit unit, const Snapshot& snapshot) : unit_(unit), snapshot_(&snapshot) {}
  absl::Status ReadArtists(absl::Span<const uint32_t> rows, absl::Span<UnitKey> keys) const;
  absl::Status ReadPools(absl::Span<const uint32_t> rows, absl::Span<UnitKey> keys) const;

  SplitUnit unit_;
  const Snapshot* snapshot_;
  std::optional<FamilyRoots> family_roots_;   // kParent
  absl::Span<const int64_t> tag_ids_;         // kArtist
  absl::Span<const uint8_t> tag_categories_;  // kArtist
};

class StratumReader {
 public:
  using Value = int64_t;
  // kQueryInvalid, with metadata "field", for a tag that the snapshot lacks.
  static absl::StatusOr<StratumReader> Open(const PlanSpec& spec, const Snapshot& snapshot, const Cancelled& cancelled);
  absl::Status Read(absl::Span<const uint32_t> rows, absl::Span<int64_t> strata) const;

 private:
  StratumReader(StratifyBy by, const Snapshot& snapshot) : by_(by), snapshot_(&snapshot) {}

  StratifyBy by_;
  const Snapshot* snapshot_;
  std::vector<uint32_t> tag_indexes_;          // kTag
  std::optional<RarestTagFinder> rarest_tag_;  // kCategory
  absl::Span<const int64_t> tag_ids_;          // kCategory
};

class WeightReader {
 public:
  using Value = int64_t;
  static absl::StatusOr<WeightReader> Open(const PlanSpec& spec, const Snapshot& snapshot, const Cancelled& cancelled);
  absl::Status Read(absl::Span<const uint32_t> rows, absl::Span<int64_t> weights);

 private:
  WeightReader(WeightsSpec spec, const Snapshot& snapshot) : spec_(std::move(spec)), snapshot_(&snapshot) {}

  WeightsSpec spec_;
  const Snapshot* snapshot_;
  std::optional<QueryMatcher> matcher_;        // kQueries
  std::optional<RarestTagFinder> rarest_tag_;  // kTagFrequency
};

class MixPartReader {
 public:
  using Value = uint8_t;
  static absl::StatusOr<MixPartReader> Open(const PlanSpec& spec, const Snapshot& snapshot, const Cancelled& cancelled);
  absl::Status Read(absl::Span<const uint32_t> rows, absl::Span<uint8_t> parts);

 private:
  explicit MixPartReader(QueryMatcher matcher) : matcher_(std::move(matcher)) {}

  QueryMatcher matcher_;
};

}  // namespace millrace
