// Typed views of sections: every read compares the block's checksum first, unless that was done before.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/types/span.h"
#include "core/snapshot/checked_file.h"
#include "core/snapshot/slices.h"

namespace millrace::snapshot_file {

template <typename T>
constexpr ElementType ElementTypeOf() {
  if constexpr (std::is_same_v<T, uint8_t>) return ElementType::kU8;
  if constexpr (std::is_same_v<T, uint32_t>) return ElementType::kU32;
  if constexpr (std::is_same_v<T, uint64_t>) return ElementType::kU64;
  if constexpr (std::is_same_v<T, int32_t>) return ElementType::kI32;
  if constexpr (std::is_same_v<T, int64_t>) return ElementType::kI64;
  if constexpr (std::is_same_v<T, std::array<uint8_t, 16>>) return ElementType::kBytes16;
}

// The elements of one section. Borrows the file. Copyable; thread-safe as the file is.
template <typename T>
class Column {
 public:
  // A column whose section the file leaves out.
  Column() = default;
  Column(const CheckedFile& file, const Section& section)
      : place_(&file.place(section)),
        checked_blocks_(file.checked_blocks()),
        first_block_(section.first_block),
        file_(&file),
        section_(&section) {}

  bool is_present() const { return place_ != nullptr; }
  uint64_t size() const { return section_ == nullptr ? 0 : section_->element_count; }
  const Section& section() const { return *section_; }

  // Asks the processor for the element's cache line, so that a Get a little later need not wait. Never touches the
  // file. Requires index < size(), or a column that is not present.
  void Prefetch(uint64_t index) const {
    if (is_present()) __builtin_prefetch(data() + index);
  }

  // Where the element lies, for asking for its page; null in a column that is not present.
  const T* Address(uint64_t index) const { return is_present() ? data() + index : nullptr; }

  // Requires index < size().
  absl::Status Get(uint64_t index, T* value) const {
    MILLRACE_RETURN_IF_ERROR(Check(index / kElementsPerBlock));
    *value = data()[index];
    return absl::OkStatus();
  }

  // values[i] = the element at indexes[i], with the waiting for many cache lines at once. Requires indexes in range and
  // room for as many values.
  absl::Status GetEach(absl::Span<const int64_t> indexes, T* values) const {
    for (const int64_t index : indexes)
      MILLRACE_RETURN_IF_ERROR(Check(static_cast<uint64_t>(index) / kElementsPerBlock));
    const size_t count = indexes.size();
    const T* const elements = data();
    for (size_t i = 0; i < count; ++i) {
      if (i + kElementsAhead < count) __builtin_prefetch(elements + indexes[i + kElementsAhead]);
      values[i] = elements[indexes[i]];
    }
    return absl::OkStatus();
  }

  // Elements [begin, end). Requires begin <= end <= size().
  absl::Status Get(uint64_t begin, uint64_t end, absl::Span<const T>* values) const {
    *values = {};
    if (begin == end) return absl::OkStatus();
    for (uint64_t block = begin / kElementsPerBlock; block <= (end - 1) / kElementsPerBlock; ++block) {
      MILLRACE_RETURN_IF_ERROR(Check(block));
    }
    *values = absl::Span<const T>(data() + begin, end - begin);
    return absl::OkStatus();
  }

 private:
  // How many elements ahead a cache line is asked for: long enough for memory to answer, few enough for the line to
  // stay.
  static constexpr size_t kElementsAhead = 16;
  // Divides evenly for every type: no element lies in two blocks.
  static constexpr uint64_t kElementsPerBlock = kBlockBytes / sizeof(T);

  // Mapped or copied; asked for anew with every read, so that who has opened the file finds the copy.
  const T* data() const { return reinterpret_cast<const T*>(place_->load(std::memory_order_acquire)); }

  absl::Status Check(uint64_t block) const {
    if (CheckedFile::IsChecked(checked_blocks_, first_block_ + block)) [[likely]]
      return absl::OkStatus();
    return file_->CheckBlock(*section_, block);
  }

  const std::atomic<const uint8_t*>* place_ = nullptr;
  const std::atomic<uint64_t>* checked_blocks_ = nullptr;
  uint64_t first_block_ = 0;
  const CheckedFile* file_ = nullptr;
  const Section* section_ = nullptr;
};

// A list of values a row: `offsets` holds the place of each row's first value, and one more.
template <typename T>
class ListColumn {
 public:
  ListColumn() = default;
  ListColumn(const CheckedFile& file, const Section& offsets, const Section& values)
      : file_(&file), offsets_(file, offsets), values_(file, values) {}

  bool is_present() const { return values_.is_present(); }
  // Values of all rows.
  uint64_t value_count() const { return values_.size(); }
  // 0 in a column that is not present.
  uint64_t row_count() const { return is_present() ? offsets_.size() - 1 : 0; }
  // Where each row's values begin, and one more; a column that is not present has none.
  const Column<uint64_t>& offsets() const { return offsets_; }

  // As Column::Prefetch: where the row's values are; then, a little later, the first of them. Values whose place is
  // damaged are left alone: GetRange will say so.
  void PrefetchPlace(uint64_t row) const { offsets_.Prefetch(row); }
  void PrefetchValues(uint64_t row) const {
    uint64_t begin;
    if (is_present() && offsets_.Get(row, &begin).ok() && begin < values_.size()) values_.Prefetch(begin);
  }

  // Where it is written where the row's values begin and end.
  const uint64_t* PlaceAddress(uint64_t row) const { return offsets_.Address(row); }

  // Where the row's values are. Requires a row in range.
  absl::Status GetRange(uint64_t row, uint64_t* begin, uint64_t* end) const {
    *begin = *end = 0;
    if (!is_present()) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(offsets_.Get(row, begin));
    MILLRACE_RETURN_IF_ERROR(offsets_.Get(row + 1, end));
    if (*begin <= *end && *end <= values_.size()) [[likely]]
      return absl::OkStatus();
    return file_->Damaged(offsets_.section(), row * sizeof(uint64_t), "the offsets there do not ascend");
  }

  absl::Status Get(uint64_t row, absl::Span<const T>* values) const {
    uint64_t begin, end;
    MILLRACE_RETURN_IF_ERROR(GetRange(row, &begin, &end));
    return values_.Get(begin, end, values);
  }

  // The lists of rows [first, end). Requires first <= end <= the number of rows.
  absl::Status GetSlice(uint64_t first, uint64_t end, ListSlice<T>* lists) const {
    *lists = {};
    if (!is_present() || first == end) return absl::OkStatus();
    absl::Span<const uint64_t> offsets;
    MILLRACE_RETURN_IF_ERROR(offsets_.Get(first, end + 1, &offsets));
    for (size_t i = 0; i + 1 < offsets.size(); ++i) {
      if (offsets[i] <= offsets[i + 1] && offsets[i + 1] <= values_.size()) [[likely]]
        continue;
      return file_->Damaged(offsets_.section(), (first + i) * sizeof(uint64_t), "the offsets there do not ascend");
    }
    MILLRACE_RETURN_IF_ERROR(values_.Get(offsets.front(), offsets.back(), &lists->values));
    lists->offsets = offsets;
    return absl::OkStatus();
  }

 private:
  const CheckedFile* file_ = nullptr;
  Column<uint64_t> offsets_;
  Column<T> values_;
};

// A text a row, in UTF-8; empty for none.
class TextColumn {
 public:
  TextColumn() = default;
  explicit TextColumn(ListColumn<uint8_t> bytes) : bytes_(bytes) {}
  bool is_present() const { return bytes_.is_present(); }
  const ListColumn<uint8_t>& bytes() const { return bytes_; }
  void PrefetchPlace(uint64_t row) const { bytes_.PrefetchPlace(row); }
  void PrefetchValues(uint64_t row) const { bytes_.PrefetchValues(row); }
  absl::Status Get(uint64_t row, std::string_view* text) const {
    absl::Span<const uint8_t> bytes;
    MILLRACE_RETURN_IF_ERROR(bytes_.Get(row, &bytes));
    *text = std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return absl::OkStatus();
  }

 private:
  ListColumn<uint8_t> bytes_;
};

// Finds sections by name and checks that each is what its name says, so that readers need not. A section that the
// file leaves out gives a column that is not present.
class ColumnBinder {
 public:
  explicit ColumnBinder(CheckedFile& file) : file_(file) {}

  template <typename T>
  absl::Status Bind(std::string_view name, uint64_t element_count, Column<T>* column) {
    const Section* const section = file_.layout().Find(name);
    if (section == nullptr) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(CheckShape(*section, ElementTypeOf<T>(), element_count));
    *column = Column<T>(file_, *section);
    return absl::OkStatus();
  }

  // As Bind, and every element is less than `limit` (at least 1).
  template <typename T>
  absl::Status BindLimited(std::string_view name, uint64_t element_count, uint64_t limit, Column<T>* column) {
    MILLRACE_RETURN_IF_ERROR(Bind(name, element_count, column));
    if (column->is_present()) file_.LimitValues(column->section(), limit);
    return absl::OkStatus();
  }

  // As Bind, but the file must have the section, unless it would be empty.
  template <typename T>
  absl::Status Require(std::string_view name, uint64_t element_count, Column<T>* column) {
    MILLRACE_RETURN_IF_ERROR(Bind(name, element_count, column));
    if (column->is_present() || element_count == 0) return absl::OkStatus();
    return Missing(name);
  }

  // The sections `offsets_name` (row_count + 1 elements) and `values_name`: both, or neither. `limit`: 0 for none.
  template <typename T>
  absl::Status BindList(std::string_view offsets_name, std::string_view values_name, uint64_t row_count, uint64_t limit,
                        ListColumn<T>* column) {
    const Section* const offsets = file_.layout().Find(offsets_name);
    const Section* const values = file_.layout().Find(values_name);
    if (offsets == nullptr && values == nullptr) return absl::OkStatus();
    if (offsets == nullptr) return Missing(offsets_name);
    if (values == nullptr) return Missing(values_name);
    MILLRACE_RETURN_IF_ERROR(CheckShape(*offsets, ElementType::kU64, row_count + 1));
    MILLRACE_RETURN_IF_ERROR(CheckShape(*values, ElementTypeOf<T>(), values->element_count));
    if (limit != 0) file_.LimitValues(*values, limit);
    *column = ListColumn<T>(file_, *offsets, *values);
    return absl::OkStatus();
  }

  // NAME.offsets and NAME.bytes.
  absl::Status BindText(std::string_view name, uint64_t row_count, TextColumn* column) {
    const std::string prefix(name);
    ListColumn<uint8_t> bytes;
    MILLRACE_RETURN_IF_ERROR(BindList(prefix + ".offsets", prefix + ".bytes", row_count, 0, &bytes));
    *column = TextColumn(bytes);
    return absl::OkStatus();
  }

 private:
  absl::Status CheckShape(const Section& section, ElementType type, uint64_t element_count) const {
    if (section.type == type && section.element_count == element_count) return absl::OkStatus();
    return file_.Damaged(absl::StrCat("section ", section.name, " has ", section.element_count, " elements of type ",
                                      static_cast<uint32_t>(section.type), " where ", element_count, " of type ",
                                      static_cast<uint32_t>(type), " belong"));
  }
  absl::Status Missing(std::string_view name) const {
    return file_.Damaged(absl::StrCat("section ", std::string(name), " is missing"));
  }

  CheckedFile& file_;
};

}  // namespace millrace::snapshot_file
