#include "core/snapshot/row_gather.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/snapshot/post_columns.h"

namespace millrace {

using snapshot_file::Column;
using snapshot_file::FieldBit;
using snapshot_file::ListColumn;

namespace {

// How many rows ahead a cache line is asked for: long enough for memory to answer, few enough for the line to stay.
constexpr size_t kRowsAhead = 16;

}  // namespace

RowGather::RowGather(const Snapshot& snapshot) : columns_(snapshot.columns()), post_count_(snapshot.post_count()) {}

template <typename T>
absl::Status RowGather::GatherColumn(const Column<T>& column, absl::Span<T> values) const {
  if (cold_watch_.is_cold()) {
    for (const int64_t row : rows_) advice_.Add(column.Address(static_cast<uint64_t>(row)), sizeof(T));
    advice_.Ask();
  }
  return column.GetEach(rows_, values.data());
}

template <typename T>
absl::Status RowGather::GatherLists(const ListColumn<T>& column, absl::Span<absl::Span<const T>> lists) const {
  const bool is_cold = cold_watch_.is_cold() && column.is_present();
  if (is_cold) {
    for (const int64_t row : rows_) advice_.Add(column.PlaceAddress(static_cast<uint64_t>(row)), 2 * sizeof(uint64_t));
    advice_.Ask();
  }
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (i + kRowsAhead < rows_.size()) column.PrefetchPlace(static_cast<uint64_t>(rows_[i + kRowsAhead]));
    MILLRACE_RETURN_IF_ERROR(column.Get(static_cast<uint64_t>(rows_[i]), &lists[i]));
    if (lists[i].empty()) continue;
    __builtin_prefetch(lists[i].data());
    __builtin_prefetch(&lists[i].back());
    if (is_cold) advice_.Add(lists[i].data(), lists[i].size() * sizeof(T));
  }
  if (is_cold) advice_.Ask();
  return absl::OkStatus();
}

absl::Status RowGather::Begin(absl::Span<const int64_t> rows) {
  cold_watch_.Begin();
  for (const int64_t row : rows) {
    if (row < 0 || row >= post_count_) {
      return MakeError(Reason::kInternal, absl::StrCat("row ", row, " asked for of ", post_count_));
    }
  }
  rows_ = rows;
  presence_.assign(rows.size(), 0);
  if (columns_.presence().is_present()) {
    MILLRACE_RETURN_IF_ERROR(GatherColumn(columns_.presence(), absl::MakeSpan(presence_)));
  }
  if (columns_.more_presence().is_present()) {
    more_presence_.resize(rows.size());
    MILLRACE_RETURN_IF_ERROR(GatherColumn(columns_.more_presence(), absl::MakeSpan(more_presence_)));
    for (size_t i = 0; i < rows.size(); ++i) {
      presence_[i] = snapshot_file::JoinPresence(presence_[i], more_presence_[i]);
    }
  }
  present_in_all_ = ~uint32_t{0};
  for (const uint32_t word : presence_) present_in_all_ &= word;
  return absl::OkStatus();
}

void RowGather::Presence(OptionalField field, absl::Span<uint8_t> bits) const {
  std::fill(bits.begin(), bits.end(), uint8_t{0});
  const uint32_t shift = static_cast<uint32_t>(field);
  for (size_t i = 0; i < presence_.size(); ++i) {
    bits[i / 8] = static_cast<uint8_t>(bits[i / 8] | ((presence_[i] >> shift & 1) << (i % 8)));
  }
}

template <typename T>
absl::Status RowGather::OptionalNumbers(OptionalField field, absl::Span<T> values) const {
  const Column<T>& column = columns_.OptionalColumn<T>(field);
  const uint32_t bit = FieldBit(field);
  if (!column.is_present()) {
    std::fill(values.begin(), values.end(), T{});
    const auto found =
        std::find_if(presence_.begin(), presence_.end(), [bit](uint32_t word) { return (word & bit) != 0; });
    if (found == presence_.end()) return absl::OkStatus();
    return columns_.MissingSection(static_cast<uint64_t>(rows_[static_cast<size_t>(found - presence_.begin())]));
  }
  MILLRACE_RETURN_IF_ERROR(GatherColumn(column, values));
  if (HasAll(field)) return absl::OkStatus();
  for (size_t i = 0; i < values.size(); ++i) {
    if ((presence_[i] & bit) == 0) values[i] = T{};
  }
  return absl::OkStatus();
}

absl::Status RowGather::Numbers(OptionalField field, absl::Span<int32_t> values) const {
  return OptionalNumbers(field, values);
}

absl::Status RowGather::Numbers(OptionalField field, absl::Span<int64_t> values) const {
  return OptionalNumbers(field, values);
}

absl::Status RowGather::Md5s(absl::Span<Md5> values) const { return OptionalNumbers(OptionalField::kMd5, values); }

absl::Status RowGather::Ratings(absl::Span<uint8_t> values) const {
  if (columns_.ratings().is_present()) return GatherColumn(columns_.ratings(), values);
  std::fill(values.begin(), values.end(), static_cast<uint8_t>(Rating::kUnspecified));
  return absl::OkStatus();
}

absl::Status RowGather::Flags(absl::Span<int32_t> values) const {
  const Column<uint32_t>& column = columns_.flags();
  for (size_t i = 0; i < rows_.size(); ++i) {
    if (i + kRowsAhead < rows_.size()) column.Prefetch(static_cast<uint64_t>(rows_[i + kRowsAhead]));
    PostFlags flags;
    MILLRACE_RETURN_IF_ERROR(columns_.ReadFlags(static_cast<uint64_t>(rows_[i]), &flags));
    values[i] = flags.value | flags.known << 8;
  }
  return absl::OkStatus();
}

absl::Status RowGather::Tags(absl::Span<absl::Span<const uint32_t>> lists) const {
  return GatherLists(columns_.tags(), lists);
}

absl::Status RowGather::FavoriteUserIds(absl::Span<absl::Span<const int64_t>> lists) const {
  return GatherLists(columns_.favorites(), lists);
}

absl::Status RowGather::PoolIds(absl::Span<absl::Span<const int64_t>> lists) const {
  return GatherLists(columns_.pools(), lists);
}

absl::Status RowGather::PoolKinds(std::vector<std::string_view>* kinds) const {
  kinds->clear();
  for (const int64_t row : rows_) {
    MILLRACE_RETURN_IF_ERROR(columns_.AppendPoolKinds(static_cast<uint64_t>(row), kinds));
  }
  return absl::OkStatus();
}

absl::Status RowGather::Texts(PostText text, absl::Span<std::string_view> texts) {
  if (text == PostText::kFileExt) {
    for (size_t i = 0; i < rows_.size(); ++i) {
      MILLRACE_RETURN_IF_ERROR(columns_.ReadFileExt(static_cast<uint64_t>(rows_[i]), &texts[i]));
    }
    return absl::OkStatus();
  }
  const snapshot_file::TextColumn& column = text == PostText::kSource ? columns_.source() : columns_.extra_json();
  text_bytes_.resize(rows_.size());
  MILLRACE_RETURN_IF_ERROR(GatherLists(column.bytes(), absl::MakeSpan(text_bytes_)));
  for (size_t i = 0; i < rows_.size(); ++i) {
    texts[i] = std::string_view(reinterpret_cast<const char*>(text_bytes_[i].data()), text_bytes_[i].size());
  }
  return absl::OkStatus();
}

}  // namespace millrace
