// The columns of a snapshot that hold posts.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "core/model/post.h"
#include "core/snapshot/column.h"

namespace millrace::snapshot_file {

// What of a post is read; the rest stays absent, and its columns are not touched. By default everything.
struct PostParts {
  uint32_t numbers = ~uint32_t{0};  // FieldBit of each; md5 sums count as numbers
  bool rating = true;
  bool flags = true;
  bool file_ext = true;
  bool source = true;
  bool extra_json = true;
  bool pools = true;
  bool favorites = true;
  bool tags = true;  // for the prefetching: ReadFields reads none
};

// Methods that take a row require it in range. Borrows the file; thread-safe as the file is.
class PostColumns {
 public:
  // kSnapshotDamaged when the file's sections do not fit together.
  static absl::StatusOr<PostColumns> Open(CheckedFile& file);

  absl::Status ReadId(uint64_t row, int64_t* post_id) const { return id_.Get(row, post_id); }
  // The first row whose id is at least `post_id`; the number of rows when there is none.
  absl::StatusOr<uint64_t> LowerBound(int64_t post_id) const;
  absl::StatusOr<std::optional<int64_t>> FindByMd5(const Md5& md5) const;
  // All rows with it, ascending.
  absl::Status FindAllByMd5(const Md5& md5, std::vector<uint32_t>* rows) const;
  absl::Status ReadFields(uint64_t row, Post* post, const PostParts& parts = {}) const;
  absl::Status ReadTagIndexes(uint64_t row, absl::Span<const uint32_t>* tag_indexes) const {
    return tags_.Get(row, tag_indexes);
  }

  // Of rows anywhere, in range; room for as many ids.
  absl::Status ReadIds(absl::Span<const int64_t> rows, int64_t* post_ids) const { return id_.GetEach(rows, post_ids); }
  // Of rows [first, end). Require first <= end <= the number of rows.
  absl::Status ReadIds(uint64_t first, uint64_t end, absl::Span<const int64_t>* ids) const {
    return id_.Get(first, end, ids);
  }
  absl::Status ReadRatings(uint64_t first, uint64_t end, absl::Span<const uint8_t>* ratings) const;
  absl::Status ReadScores(uint64_t first, uint64_t end, OptionalSlice<int32_t>* slice) const {
    return ReadOptionals(score_, Field::kScore, first, end, slice);
  }
  absl::Status ReadWidths(uint64_t first, uint64_t end, OptionalSlice<int32_t>* slice) const {
    return ReadOptionals(width_px_, Field::kWidthPx, first, end, slice);
  }
  absl::Status ReadHeights(uint64_t first, uint64_t end, OptionalSlice<int32_t>* slice) const {
    return ReadOptionals(height_px_, Field::kHeightPx, first, end, slice);
  }
  absl::Status ReadParentIds(uint64_t first, uint64_t end, OptionalSlice<int64_t>* slice) const {
    return ReadOptionals(parent_id_, Field::kParentId, first, end, slice);
  }
  // Of any field that is a number of type T.
  template <typename T>
  absl::Status ReadSlice(Field field, uint64_t first, uint64_t end, OptionalSlice<T>* slice) const {
    return ReadOptionals(OptionalColumn<T>(field), field, first, end, slice);
  }
  absl::Status ReadTagLists(uint64_t first, uint64_t end, ListSlice<uint32_t>* lists) const {
    return tags_.GetSlice(first, end, lists);
  }
  absl::Status ReadPoolLists(uint64_t first, uint64_t end, ListSlice<int64_t>* lists) const {
    return pools_.GetSlice(first, end, lists);
  }

  // As Snapshot::PrefetchFields and PrefetchLists.
  void PrefetchFields(uint64_t row, const PostParts& parts = {}) const;
  void PrefetchLists(uint64_t row, const PostParts& parts = {}) const;

  // The columns themselves, for RowGather. Of optional numbers: which rows have one, and the column of a field, which
  // must be of type T (Md5 counts as one).
  const Column<uint32_t>& presence() const { return presence_; }
  const Column<uint32_t>& more_presence() const { return more_presence_; }
  // The one of the two that tells of the field, and the field's bit there.
  const Column<uint32_t>& PresenceOf(Field field) const { return IsInFirst(field) ? presence_ : more_presence_; }
  static constexpr uint32_t PresenceBit(Field field) {
    return IsInFirst(field) ? FieldBit(field) : FieldBit(field) >> kFirstPresenceCount;
  }
  template <typename T>
  const Column<T>& OptionalColumn(Field field) const;
  const Column<uint8_t>& ratings() const { return rating_; }
  const Column<uint32_t>& flags() const { return flags_; }
  // Codes of the words of file_ext_names(): 0 for none, otherwise the word's number plus 1. pool_kinds() and
  // pool_kind_names() likewise, an element for each of pools().
  const Column<uint32_t>& file_exts() const { return file_ext_; }
  const TextColumn& file_ext_names() const { return file_ext_names_; }
  const Column<uint32_t>& pool_kinds() const { return pool_kinds_; }
  const TextColumn& pool_kind_names() const { return pool_kind_names_; }
  const ListColumn<uint32_t>& tags() const { return tags_; }
  const ListColumn<int64_t>& favorites() const { return favorites_; }
  const ListColumn<int64_t>& pools() const { return pools_; }
  const TextColumn& source() const { return source_; }
  const TextColumn& extra_json() const { return extra_json_; }
  absl::Status ReadFlags(uint64_t row, PostFlags* flags) const;
  // Empty for none; a view of the mapped file.
  absl::Status ReadFileExt(uint64_t row, std::string_view* file_ext) const;
  absl::Status AppendPoolKinds(uint64_t row, std::vector<std::string_view>* kinds) const;
  // The error of a row whose presence word speaks of a column that the file does not have.
  absl::Status MissingSection(uint64_t row) const;

 private:
  // Places in by_md5_: the first whose md5 is not less; whether the one at `place` has the md5, and its row.
  absl::StatusOr<uint64_t> LowerBoundByMd5(const Md5& md5) const;
  absl::StatusOr<bool> HasMd5At(uint64_t place, const Md5& md5, uint32_t* row) const;
  static constexpr bool IsInFirst(Field field) { return static_cast<uint32_t>(field) < kFirstPresenceCount; }
  explicit PostColumns(CheckedFile& file) : file_(&file), row_count_(file.layout().header.post_count) {}
  absl::Status BindNumbers(ColumnBinder& binder);
  absl::Status BindTexts(ColumnBinder& binder);
  absl::Status BindLists(ColumnBinder& binder);
  absl::Status ReadPresence(uint64_t row, uint32_t* presence) const;
  absl::Status ReadNumbers(uint64_t row, const PostParts& parts, Post* post) const;
  absl::Status ReadTexts(uint64_t row, const PostParts& parts, Post* post) const;
  absl::Status ReadLists(uint64_t row, const PostParts& parts, Post* post) const;
  // Of the pool at a place among all pools of all rows.
  absl::Status ReadPoolKind(uint64_t place, std::string_view* kind) const;
  template <typename T>
  absl::Status ReadOptional(const Column<T>& column, Field field, uint32_t presence, uint64_t row,
                            std::optional<T>* value) const;
  template <typename T>
  absl::Status ReadOptionals(const Column<T>& column, Field field, uint64_t first, uint64_t end,
                             OptionalSlice<T>* slice) const;

  const CheckedFile* file_;
  uint64_t row_count_;
  Column<int64_t> id_;
  Column<uint32_t> presence_;
  Column<Md5> md5_;
  Column<uint8_t> rating_;
  Column<int32_t> width_px_;
  Column<int32_t> height_px_;
  Column<int64_t> file_size_bytes_;
  Column<int64_t> pixiv_id_;
  Column<int64_t> parent_id_;
  Column<int64_t> uploader_id_;
  Column<int64_t> approver_id_;
  Column<int32_t> score_;
  Column<int32_t> up_score_;
  Column<int32_t> down_score_;
  Column<int64_t> created_at_us_;
  Column<int64_t> updated_at_us_;
  Column<int64_t> last_commented_at_us_;
  Column<int64_t> last_noted_at_us_;
  Column<uint32_t> more_presence_;
  Column<int32_t> favorite_count_;
  Column<int64_t> duration_us_;
  Column<uint32_t> flags_;
  Column<uint32_t> file_ext_;
  TextColumn source_;
  TextColumn extra_json_;
  TextColumn file_ext_names_;
  TextColumn pool_kind_names_;
  ListColumn<uint32_t> tags_;
  ListColumn<int64_t> pools_;
  Column<uint32_t> pool_kinds_;
  ListColumn<int64_t> favorites_;
  Column<uint32_t> by_md5_;
};

template <>
const Column<Md5>& PostColumns::OptionalColumn(Field field) const;
template <>
const Column<int32_t>& PostColumns::OptionalColumn(Field field) const;
template <>
const Column<int64_t>& PostColumns::OptionalColumn(Field field) const;

// How many words a dictionary (NAME.offsets, NAME.bytes) of the file holds.
uint64_t DictionarySize(const CheckedFile& file, std::string_view name);

}  // namespace millrace::snapshot_file
