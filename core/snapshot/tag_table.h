// The tags of a snapshot: by index, by id, by name and by number of posts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "core/model/post.h"
#include "core/model/tag_query.h"
#include "core/snapshot/column.h"
#include "core/snapshot/snapshot.h"

namespace millrace::snapshot_file {

// Borrows the file; thread-safe as the file is.
class TagTable {
 public:
  // kSnapshotDamaged when the file's sections do not fit together.
  static absl::StatusOr<TagTable> Open(CheckedFile& file);

  uint64_t size() const { return size_; }
  // Requires tag_index < size().
  absl::StatusOr<TagView> At(uint64_t tag_index) const;
  // As Snapshot::ReadTagIdentities.
  absl::Status ReadIdentities(absl::Span<const uint32_t> tag_indexes, absl::Span<TagView> tags) const;
  absl::StatusOr<std::optional<Tag>> FindById(int64_t tag_id) const;
  absl::StatusOr<std::vector<Tag>> FindByName(std::string_view name, int64_t limit) const;
  absl::StatusOr<TagPage> List(const TagQuery& query) const;
  // As Snapshot::FindTagIndexesByName.
  absl::StatusOr<std::vector<uint32_t>> FindIndexesByName(std::string_view name) const;
  // The tag indexes in the order of names, whole, and the range of places in it whose names begin with `prefix`.
  absl::StatusOr<absl::Span<const uint32_t>> ByName() const { return Whole(by_name_); }
  absl::Status PrefixRange(std::string_view prefix, uint64_t* begin, uint64_t* end) const;
  // The name alone. Requires tag_index < size().
  absl::Status NameOf(uint64_t tag_index, std::string_view* name) const { return name_.Get(tag_index, name); }
  // The names of tags [first, end), one behind the other. Requires first <= end <= size().
  absl::Status Names(uint64_t first, uint64_t end, ListSlice<uint8_t>* names) const {
    return name_.bytes().GetSlice(first, end, names);
  }
  // Whole columns.
  absl::StatusOr<absl::Span<const int64_t>> Ids() const { return Whole(id_); }
  absl::StatusOr<absl::Span<const uint8_t>> Categories() const { return Whole(category_); }
  absl::StatusOr<absl::Span<const int64_t>> PostCounts() const { return Whole(post_count_); }

 private:
  explicit TagTable(uint64_t size) : size_(size) {}
  template <typename T>
  static absl::StatusOr<absl::Span<const T>> Whole(const Column<T>& column) {
    absl::Span<const T> values;
    MILLRACE_RETURN_IF_ERROR(column.Get(0, column.size(), &values));
    return values;
  }
  // A place in one of the two orders: `index` is index.tag_by_name or index.tag_by_post_count.
  absl::StatusOr<TagView> AtPlace(const Column<uint32_t>& index, uint64_t place) const;
  // The first place whose tag is not before the wanted one; `is_before` must be monotonic over the index.
  template <typename IsBefore>
  absl::StatusOr<uint64_t> LowerBound(const Column<uint32_t>& index, IsBefore is_before) const;
  absl::StatusOr<TagPage> ListByName(const TagQuery& query) const;
  absl::StatusOr<TagPage> ListByPostCount(const TagQuery& query) const;
  // Walks places [begin, end) of the index until the page is full or kTagScanMax places were looked at.
  absl::StatusOr<TagPage> Scan(const TagQuery& query, const Column<uint32_t>& index, uint64_t begin,
                               uint64_t end) const;
  // The page by number of posts when few names have the prefix: looks at all of them.
  absl::StatusOr<TagPage> SortRange(const TagQuery& query, uint64_t begin, uint64_t end) const;

  uint64_t size_;
  Column<int64_t> id_;
  TextColumn name_;
  Column<uint8_t> category_;
  Column<int64_t> post_count_;
  Column<uint8_t> is_deprecated_;
  Column<uint32_t> by_name_;
  Column<uint32_t> by_post_count_;
};

}  // namespace millrace::snapshot_file
