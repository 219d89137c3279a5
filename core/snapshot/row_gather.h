// Columns of a snapshot at rows that lie anywhere in it, copied to where they are wanted: what batches of columns are
// made of. A column at a time, so that the processor waits for many cache lines at once instead of one after another.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/model/post.h"
#include "core/snapshot/format.h"
#include "core/snapshot/page_advice.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

namespace snapshot_file {
template <typename T>
class Column;
template <typename T>
class ListColumn;
class PostColumns;
}  // namespace snapshot_file

// A field that a post may lack, as the snapshot's presence words number them.
using OptionalField = snapshot_file::Field;

enum class PostText : uint8_t { kFileExt, kSource, kExtraJson };

// The rows of one batch at a time. Not thread-safe; borrows the snapshot. Everything that it hands out as a span or a
// view lies in the mapped file and lives as long as the snapshot. Every method may return kSnapshotDamaged. Methods
// that fill a span require one element a row.
class RowGather {
 public:
  explicit RowGather(const Snapshot& snapshot);

  // Makes `rows` the rows that all other methods are about; borrowed until the next Begin. kInternal for a row that the
  // snapshot does not have.
  absl::Status Begin(absl::Span<const int64_t> rows);
  // Call when the batch is read, on the thread that began it: then the next one knows whether to ask for pages ahead.
  void End() { cold_watch_.End(); }
  size_t row_count() const { return rows_.size(); }

  bool HasAll(OptionalField field) const { return (present_in_all_ & snapshot_file::FieldBit(field)) != 0; }
  // Bit i % 8, counted from the lowest, of byte i / 8 says whether row i has the field. Requires (row_count() + 7) / 8
  // bytes.
  void Presence(OptionalField field, absl::Span<uint8_t> bits) const;

  // Values, 0 where absent. Require a field of that type.
  absl::Status Numbers(OptionalField field, absl::Span<int32_t> values) const;
  absl::Status Numbers(OptionalField field, absl::Span<int64_t> values) const;
  absl::Status Md5s(absl::Span<Md5> values) const;
  // Numbers of Rating.
  absl::Status Ratings(absl::Span<uint8_t> values) const;
  // Bit i: PostFlag i is set; bit 8 + i: it is known.
  absl::Status Flags(absl::Span<int32_t> values) const;

  // Tag indexes, ascending within a row.
  absl::Status Tags(absl::Span<absl::Span<const uint32_t>> lists) const;
  absl::Status FavoriteUserIds(absl::Span<absl::Span<const int64_t>> lists) const;
  absl::Status PoolIds(absl::Span<absl::Span<const int64_t>> lists) const;
  // Of all pools of all rows, end to end; empty for a pool without.
  absl::Status PoolKinds(std::vector<std::string_view>* kinds) const;
  // Empty where absent.
  absl::Status Texts(PostText text, absl::Span<std::string_view> texts);

 private:
  template <typename T>
  absl::Status OptionalNumbers(OptionalField field, absl::Span<T> values) const;
  // values[i] = column[row i].
  template <typename T>
  absl::Status GatherColumn(const snapshot_file::Column<T>& column, absl::Span<T> values) const;
  // lists[i] = the values of row i, whose first and last cache lines are on their way.
  template <typename T>
  absl::Status GatherLists(const snapshot_file::ListColumn<T>& column, absl::Span<absl::Span<const T>> lists) const;

  const snapshot_file::PostColumns& columns_;
  const int64_t post_count_;
  absl::Span<const int64_t> rows_;
  std::vector<uint32_t> presence_;  // a word a row
  std::vector<uint32_t> more_presence_;
  uint32_t present_in_all_ = 0;  // the words' common bits
  std::vector<absl::Span<const uint8_t>> text_bytes_;
  ColdWatch cold_watch_;
  mutable PageAdvice advice_;  // empty between calls
};

}  // namespace millrace
