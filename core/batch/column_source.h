// What fills columns: one source for each field, list, text or label set that a batch is asked for.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/batch/column.h"
#include "core/batch/post_field.h"
#include "core/model/location.h"
#include "core/snapshot/row_gather.h"
#include "core/vocabulary/label_index.h"

namespace millrace {

// How labels are written. Numbers as in the contract (millrace.v1.LabelEncoding).
enum class LabelEncoding : uint8_t { kCsr = 1, kDense = 2, kBits = 3 };

// One batch while its columns are made.
struct GatheredRows {
  RowGather* gather = nullptr;
  absl::Span<const int64_t> rows;
  absl::Span<const int64_t> post_ids;
  // Tag indexes of every row, by the reading that the batch is of. Empty unless a source needs them
  // (ColumnSource::needs_tags).
  absl::Span<const absl::Span<const uint32_t>> tags;

  int64_t row_count() const { return static_cast<int64_t>(rows.size()); }
};

// Not thread-safe. First Lay, then Fill, for one batch at a time.
class ColumnSource {
 public:
  virtual ~ColumnSource() = default;
  // Whether GatheredRows::tags is looked at.
  virtual bool needs_tags() const { return false; }
  // Finds out how large its columns are and adds them. kSnapshotDamaged; kFieldInvalid for a column of 2^31 values.
  virtual absl::Status Lay(const GatheredRows& batch, ColumnLayout* layout) = 0;
  // Fills every element of the columns that it added. kSnapshotDamaged.
  virtual absl::Status Fill(const GatheredRows& batch, const ColumnBody& body) = 0;
};

// The source of a field. Borrows both. kSnapshotDamaged.
absl::StatusOr<std::unique_ptr<ColumnSource>> MakeFieldSource(PostField field, const Snapshot& snapshot,
                                                              const LocationTemplate& location);
// The parts of MakeFieldSource, by shape. Each returns null for a field of another shape.
std::unique_ptr<ColumnSource> MakeNumberSource(PostField field);
std::unique_ptr<ColumnSource> MakeTextSource(PostField field, const LocationTemplate& location);
absl::StatusOr<std::unique_ptr<ColumnSource>> MakeListSource(PostField field, const Snapshot& snapshot);

std::unique_ptr<ColumnSource> MakeRatingOneHotSource();
// shared_ptr: a stream goes on with labels whose vocabulary was deleted or dropped from a cache.
std::unique_ptr<ColumnSource> MakeLabelSource(std::shared_ptr<const LabelIndex> labels, LabelEncoding encoding);

// Offsets are int32: kFieldInvalid when column `name` of a batch would have more values than they can tell.
absl::Status CheckValueCount(std::string_view name, uint64_t value_count);

}  // namespace millrace
