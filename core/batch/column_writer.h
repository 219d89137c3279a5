// Batches of columns, gathered from a snapshot straight into the memory that they are sent from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/batch/column.h"
#include "core/batch/column_source.h"
#include "core/batch/post_field.h"
#include "core/model/tag_reading.h"
#include "core/snapshot/applied_tags.h"

namespace millrace {

// What a batch of columns holds.
struct ColumnSelection {
  PostFieldSet fields;
  std::shared_ptr<const LabelIndex> labels = nullptr;  // null: none
  LabelEncoding label_encoding = LabelEncoding::kCsr;
  bool has_rating_one_hot = false;
  TagReading tags = TagReading::kAsSaid;  // of the fields and of the labels
};

// Not thread-safe; one per stream or request. Borrows the snapshot and the template. Its memory is used again from
// batch to batch. First Lay, which finds out how much there is; then Fill, into memory of that size.
class ColumnWriter {
 public:
  // kSnapshotDamaged.
  static absl::StatusOr<ColumnWriter> Create(const Snapshot& snapshot, const LocationTemplate& location,
                                             const ColumnSelection& selection);

  // Lays out the columns of these rows; both spans are borrowed until Fill is done. kSnapshotDamaged; kFieldInvalid for
  // a column of 2^31 values.
  absl::Status Lay(absl::Span<const int64_t> rows, absl::Span<const int64_t> post_ids);
  const ColumnLayout& layout() const { return layout_; }
  // Fills the body, layout().size_bytes() bytes at a multiple of kColumnAlignmentBytes, whole. kSnapshotDamaged.
  absl::Status Fill(uint8_t* body);

 private:
  ColumnWriter(const Snapshot& snapshot, const TagRelations* relations)
      : gather_(std::make_unique<RowGather>(snapshot)), applied_tags_(relations) {}
  void Add(std::unique_ptr<ColumnSource> source);

  std::unique_ptr<RowGather> gather_;  // where `batch_` finds it, also when this is moved
  std::vector<std::unique_ptr<ColumnSource>> sources_;
  bool needs_tags_ = false;
  AppliedTags applied_tags_;
  std::vector<absl::Span<const uint32_t>> tags_;
  GatheredRows batch_;
  ColumnLayout layout_;
};

}  // namespace millrace
