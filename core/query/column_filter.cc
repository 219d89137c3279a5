#include "core/query/column_filter.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/query/quantity.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/row_set_builder.h"

namespace millrace {
namespace {

using Kind = BoundTerm::Kind;
using Presence = QueryTerm::Presence;
using snapshot_file::Column;
using snapshot_file::Field;
using snapshot_file::FieldBit;
using snapshot_file::PostColumns;

// Rows whose columns are asked for at a time.
constexpr uint32_t kRunRows = 8192;
static_assert(RowSetBuilder::kBlockRows % kRunRows == 0);
// Rows that are passed between two looks at whether somebody still waits.
constexpr uint64_t kRowsPerAsk = 16 * kRunRows;
// Of more rows than one in so many it is faster to test them all and to intersect.
constexpr uint64_t kDenseShare = 4;
// Wanted tags are kept as bits for so many rows or more.
constexpr uint64_t kTagBitsRowsMin = 1000;

// Collects rows in ascending order.
class Collector {
 public:
  void Add(uint32_t row) {
    MoveTo(row / RowSetBuilder::kBlockRows);
    const uint32_t place = row % RowSetBuilder::kBlockRows;
    block_[place / 64] |= uint64_t{1} << (place % 64);
  }
  // 64 rows from one whose number is a multiple of 64.
  void AddWord(uint32_t first_row, uint64_t word) {
    MoveTo(first_row / RowSetBuilder::kBlockRows);
    block_[first_row % RowSetBuilder::kBlockRows / 64] = word;
  }
  RowSet Finish() && {
    builder_.Add(number_, block_);
    return std::move(builder_).Finish();
  }

 private:
  void MoveTo(uint32_t number) {
    if (number == number_) [[likely]]
      return;
    builder_.Add(number_, block_);
    block_.fill(0);
    number_ = number;
  }

  RowSetBuilder builder_;
  RowSetBuilder::Block block_{};
  uint32_t number_ = 0;
};

// One term over some rows.
class Filter {
 public:
  Filter(const BoundTerm& term, const Snapshot& snapshot, const RowSet* within, const Cancelled& cancelled)
      : term_(term), snapshot_(snapshot), columns_(snapshot.columns()), within_(within), cancelled_(cancelled) {}

  absl::StatusOr<RowSet> Run() {
    if (within_ != nullptr && within_->IsEmpty()) return RowSet();
    switch (term_.kind) {
      case Kind::kTags:
        return FilterTags();
      case Kind::kRating:
        return FilterRating();
      case Kind::kInt32:
        return FilterNumber<int32_t>();
      case Kind::kInt64:
        return FilterNumber<int64_t>();
      case Kind::kPixels:
      case Kind::kRatio:
        return FilterSides();
      case Kind::kTagCount:
        return FilterTagCount();
      case Kind::kCategoryTagCount:
        return FilterCategoryTagCount();
      case Kind::kFlags:
        return FilterFlags();
      case Kind::kFileExt:
        return FilterFileExt();
      case Kind::kSource:
        return FilterSource();
      case Kind::kPoolIds:
        return FilterPoolIds();
      case Kind::kPoolKinds:
        return FilterPoolKinds();
      default:
        return MakeError(Reason::kInternal, "a term that no column tells was looked for in one");
    }
  }

 private:
  uint64_t post_count() const { return static_cast<uint64_t>(snapshot_.post_count()); }

  // `open(first, end, &holds)` makes a function of the place behind `first`; rows that it is asked for are below `end`.
  template <typename Holds, typename Open>
  absl::StatusOr<RowSet> AllRows(Open open) {
    Collector collector;
    for (uint64_t first = 0; first < post_count(); first += kRunRows) {
      if (first % kRowsPerAsk == 0) MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
      const uint64_t end = std::min(first + kRunRows, post_count());
      Holds holds;
      MILLRACE_RETURN_IF_ERROR(open(first, end, &holds));
      for (uint64_t begin = first; begin < end; begin += 64) {
        const size_t place = begin - first;
        const size_t word_end = std::min<uint64_t>(place + 64, end - first);
        uint64_t word = 0;
        for (size_t i = place; i < word_end; ++i) word |= uint64_t{holds(i)} << (i - place);
        collector.AddWord(static_cast<uint32_t>(begin), word);
      }
      MILLRACE_RETURN_IF_ERROR(error_);
    }
    return std::move(collector).Finish();
  }

  template <typename Holds, typename Open>
  absl::StatusOr<RowSet> SomeRows(Open open) {
    Collector collector;
    std::array<uint32_t, kRunRows> rows;
    RowSet::Reader reader(*within_);
    while (const size_t row_count = reader.Read(absl::MakeSpan(rows))) {
      MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled_));
      for (size_t begin = 0; begin < row_count;) {
        const uint64_t first = rows[begin];
        size_t end = begin + 1;
        while (end < row_count && rows[end] - first < kRunRows) ++end;
        Holds holds;
        MILLRACE_RETURN_IF_ERROR(open(first, uint64_t{rows[end - 1]} + 1, &holds));
        for (; begin < end; ++begin) {
          if (holds(rows[begin] - first)) collector.Add(rows[begin]);
        }
        MILLRACE_RETURN_IF_ERROR(error_);
      }
    }
    return std::move(collector).Finish();
  }

  // Cheap tests, which the compiler does many of at a time.
  template <typename Holds, typename Open>
  absl::StatusOr<RowSet> Scan(Open open) {
    if (within_ == nullptr) return AllRows<Holds>(open);
    if (within_->Count() < post_count() / kDenseShare) return SomeRows<Holds>(open);
    absl::StatusOr<RowSet> rows = AllRows<Holds>(open);
    if (rows.ok()) rows->And(*within_);
    return rows;
  }

  // Tests that are worth avoiding.
  template <typename Holds, typename Open>
  absl::StatusOr<RowSet> Test(Open open) {
    return within_ == nullptr ? AllRows<Holds>(open) : SomeRows<Holds>(open);
  }

  bool InIntervals(int64_t value) const {
    const auto interval = std::lower_bound(term_.intervals.begin(), term_.intervals.end(), value,
                                           [](const Interval& each, int64_t number) { return each.last < number; });
    return interval != term_.intervals.end() && interval->first <= value;
  }

  // kAny's answer, or kNone's.
  bool wants_presence() const { return term_.presence == Presence::kAny; }

  absl::StatusOr<RowSet> Nothing() const { return RowSet(); }
  absl::StatusOr<RowSet> Everything() const {
    return within_ == nullptr ? RowSet::Range(0, post_count()) : within_->Clone();
  }

  // Whether the rows have all of the fields.
  absl::StatusOr<RowSet> FilterPresence(const Column<uint32_t>& words, uint32_t bits) {
    if (!words.is_present()) return wants_presence() ? Nothing() : Everything();
    struct Holds {
      absl::Span<const uint32_t> presence;
      uint32_t bits = 0;
      bool wanted = false;
      bool operator()(size_t i) const { return ((presence[i] & bits) == bits) == wanted; }
    };
    return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      *holds = {{}, bits, wants_presence()};
      return words.Get(first, end, &holds->presence);
    });
  }

  absl::StatusOr<RowSet> FilterRating() {
    struct Holds {
      absl::Span<const uint8_t> ratings;
      uint32_t mask = 0;
      bool operator()(size_t i) const { return (mask >> ratings[i] & 1) != 0; }
    };
    if (!columns_.ratings().is_present()) return (term_.rating_mask & 1) != 0 ? Everything() : Nothing();
    return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      holds->mask = term_.rating_mask;
      return columns_.ReadRatings(first, end, &holds->ratings);
    });
  }

  template <typename T>
  absl::StatusOr<RowSet> FilterNumber() {
    const Column<uint32_t>& words = columns_.PresenceOf(term_.field);
    if (term_.presence != Presence::kValue) return FilterPresence(words, PostColumns::PresenceBit(term_.field));
    struct InOne {
      const T* values = nullptr;
      const uint32_t* presence = nullptr;
      uint32_t presence_bit = 0;
      T first = 0;
      T last = 0;
      bool operator()(size_t i) const {
        return (static_cast<int>(values[i] >= first) & static_cast<int>(values[i] <= last) &
                static_cast<int>((presence[i] & presence_bit) != 0)) != 0;
      }
    };
    struct InMany {
      OptionalSlice<T> slice;
      const Filter* filter = nullptr;
      bool operator()(size_t i) const { return slice.has(i) && filter->InIntervals(slice.values[i]); }
    };
    using Limits = std::numeric_limits<T>;
    const Interval& interval = term_.intervals.front();
    if (!words.is_present()) return Nothing();
    if (term_.intervals.size() > 1 || !columns_.template OptionalColumn<T>(term_.field).is_present()) {
      return Scan<InMany>([&](uint64_t first, uint64_t end, InMany* holds) {
        holds->filter = this;
        return columns_.template ReadSlice<T>(term_.field, first, end, &holds->slice);
      });
    }
    if (interval.first > Limits::max() || interval.last < Limits::min()) return Nothing();
    return Scan<InOne>([&](uint64_t first, uint64_t end, InOne* holds) -> absl::Status {
      OptionalSlice<T> slice;
      MILLRACE_RETURN_IF_ERROR(columns_.template ReadSlice<T>(term_.field, first, end, &slice));
      *holds = {slice.values.data(), slice.presence.data(), slice.presence_bit,
                static_cast<T>(std::max<int64_t>(interval.first, Limits::min())),
                static_cast<T>(std::min<int64_t>(interval.last, Limits::max()))};
      return absl::OkStatus();
    });
  }

  absl::StatusOr<RowSet> FilterSides() {
    const uint32_t bits = FieldBit(Field::kWidthPx) | FieldBit(Field::kHeightPx);
    if (term_.presence != Presence::kValue) return FilterPresence(columns_.presence(), bits);
    struct Holds {
      OptionalSlice<int32_t> widths;
      OptionalSlice<int32_t> heights;
      const Filter* filter = nullptr;
      bool is_ratio = false;
      bool operator()(size_t i) const {
        if (!widths.has(i) || !heights.has(i)) return false;
        const int64_t width = widths.values[i];
        const int64_t height = heights.values[i];
        if (width <= 0 || height <= 0) return false;
        return filter->InIntervals(is_ratio ? RatioOf(width, height) : width * height);
      }
    };
    return Test<Holds>([&](uint64_t first, uint64_t end, Holds* holds) -> absl::Status {
      holds->filter = this;
      holds->is_ratio = term_.kind == Kind::kRatio;
      MILLRACE_RETURN_IF_ERROR(columns_.ReadWidths(first, end, &holds->widths));
      return columns_.ReadHeights(first, end, &holds->heights);
    });
  }

  absl::StatusOr<RowSet> FilterTags() {
    std::vector<uint64_t> bits;
    if (term_.tag_indexes.size() > 1 && (within_ == nullptr || within_->Count() >= kTagBitsRowsMin)) {
      bits.resize(static_cast<size_t>(snapshot_.tag_count()) / 64 + 1);
      for (const uint32_t tag_index : term_.tag_indexes) bits[tag_index / 64] |= uint64_t{1} << (tag_index % 64);
    }
    struct Holds {
      ListSlice<uint32_t> lists;
      const std::vector<uint32_t>* wanted = nullptr;
      const std::vector<uint64_t>* bits = nullptr;
      bool operator()(size_t i) const {
        const absl::Span<const uint32_t> list = lists[i];
        if (wanted->size() == 1) return std::binary_search(list.begin(), list.end(), wanted->front());
        return std::any_of(list.begin(), list.end(), [this](uint32_t tag_index) {
          return bits->empty() ? std::binary_search(wanted->begin(), wanted->end(), tag_index)
                               : ((*bits)[tag_index / 64] >> (tag_index % 64) & 1) != 0;
        });
      }
    };
    return Test<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      holds->wanted = &term_.tag_indexes;
      holds->bits = &bits;
      return columns_.ReadTagLists(first, end, &holds->lists);
    });
  }

  // Whether the number of something is what is asked for: in the intervals, or any but 0.
  bool IsWantedCount(int64_t count) const {
    return term_.presence == Presence::kValue ? InIntervals(count) : (count > 0) == wants_presence();
  }

  absl::StatusOr<RowSet> FilterTagCount() {
    struct Holds {
      absl::Span<const uint64_t> offsets;
      const Filter* filter = nullptr;
      bool operator()(size_t i) const {
        return filter->IsWantedCount(static_cast<int64_t>(offsets[i + 1] - offsets[i]));
      }
    };
    if (!columns_.tags().is_present()) return IsWantedCount(0) ? Everything() : Nothing();
    return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      holds->filter = this;
      return columns_.tags().offsets().Get(first, end + 1, &holds->offsets);
    });
  }

  absl::StatusOr<RowSet> FilterCategoryTagCount() {
    MILLRACE_ASSIGN_OR_RETURN(const absl::Span<const uint8_t> categories, snapshot_.TagCategories());
    struct Holds {
      ListSlice<uint32_t> lists;
      absl::Span<const uint8_t> categories;
      const Filter* filter = nullptr;
      bool operator()(size_t i) const {
        const uint8_t category = static_cast<uint8_t>(filter->term_.category);
        int64_t count = 0;
        for (const uint32_t tag_index : lists[i]) count += categories[tag_index] == category ? 1 : 0;
        return filter->IsWantedCount(count);
      }
    };
    return Test<Holds>([&, categories = categories](uint64_t first, uint64_t end, Holds* holds) {
      holds->filter = this;
      holds->categories = categories;
      return columns_.ReadTagLists(first, end, &holds->lists);
    });
  }

  absl::StatusOr<RowSet> FilterFlags() {
    struct Holds {
      absl::Span<const uint32_t> flags;
      const std::vector<BoundTerm::FlagTest>* tests = nullptr;
      bool operator()(size_t i) const {
        bool is_match = false;
        for (const BoundTerm::FlagTest& test : *tests) is_match |= (flags[i] & test.mask) == test.expected;
        return is_match;
      }
    };
    return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      holds->tests = &term_.flag_tests;
      return columns_.flags().Get(first, end, &holds->flags);
    });
  }

  // Whether a code is what is asked for.
  bool IsWantedCode(uint32_t code) const {
    if (term_.presence != Presence::kValue) return (code != 0) == wants_presence();
    return std::find(term_.codes.begin(), term_.codes.end(), code) != term_.codes.end();
  }

  absl::StatusOr<RowSet> FilterFileExt() {
    struct Holds {
      absl::Span<const uint32_t> codes;
      const Filter* filter = nullptr;
      bool operator()(size_t i) const { return filter->IsWantedCode(codes[i]); }
    };
    if (!columns_.file_exts().is_present()) return IsWantedCode(0) ? Everything() : Nothing();
    return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      holds->filter = this;
      return columns_.file_exts().Get(first, end, &holds->codes);
    });
  }

  bool IsWantedSource(uint64_t row, std::string* lowered) {
    std::string_view source;
    if (const absl::Status status = columns_.source().Get(row, &source); !status.ok()) {
      error_ = status;
      return false;
    }
    if (term_.presence != Presence::kValue) return source.empty() != wants_presence();
    if (source.empty()) return false;
    lowered->assign(source);
    absl::AsciiStrToLower(lowered);
    return std::any_of(term_.patterns.begin(), term_.patterns.end(),
                       [&](const Glob& pattern) { return pattern.Matches(*lowered); });
  }

  absl::StatusOr<RowSet> FilterSource() {
    struct Holds {
      uint64_t first = 0;
      Filter* filter = nullptr;
      std::string* lowered = nullptr;
      bool operator()(size_t i) const { return filter->IsWantedSource(first + i, lowered); }
    };
    std::string lowered;
    return Test<Holds>([&](uint64_t first, uint64_t /*end*/, Holds* holds) {
      *holds = {first, this, &lowered};
      return absl::OkStatus();
    });
  }

  absl::StatusOr<RowSet> FilterPoolIds() {
    struct Holds {
      ListSlice<int64_t> lists;
      const Filter* filter = nullptr;
      bool operator()(size_t i) const {
        const absl::Span<const int64_t> pools = lists[i];
        if (filter->term_.presence != Presence::kValue) return pools.empty() != filter->wants_presence();
        return std::any_of(pools.begin(), pools.end(), [this](int64_t id) { return filter->InIntervals(id); });
      }
    };
    return Test<Holds>([&](uint64_t first, uint64_t end, Holds* holds) {
      holds->filter = this;
      return columns_.ReadPoolLists(first, end, &holds->lists);
    });
  }

  bool HasPoolOfKind(uint64_t row) {
    uint64_t begin, end;
    absl::Span<const uint32_t> kinds;
    error_ = columns_.pools().GetRange(row, &begin, &end);
    if (error_.ok()) error_ = columns_.pool_kinds().Get(begin, end, &kinds);
    return std::any_of(kinds.begin(), kinds.end(), [this](uint32_t code) { return IsWantedCode(code); });
  }

  absl::StatusOr<RowSet> FilterPoolKinds() {
    struct Holds {
      uint64_t first = 0;
      Filter* filter = nullptr;
      bool operator()(size_t i) const { return filter->error_.ok() && filter->HasPoolOfKind(first + i); }
    };
    return Test<Holds>([&](uint64_t first, uint64_t /*end*/, Holds* holds) {
      *holds = {first, this};
      return absl::OkStatus();
    });
  }

  const BoundTerm& term_;
  const Snapshot& snapshot_;
  const PostColumns& columns_;
  const RowSet* const within_;
  const Cancelled& cancelled_;
  absl::Status error_;  // of a test, which has no other way to tell
};

}  // namespace

absl::StatusOr<RowSet> FilterColumn(const BoundTerm& term, const Snapshot& snapshot, const RowSet* within,
                                    const Cancelled& cancelled) {
  return Filter(term, snapshot, within, cancelled).Run();
}

}  // namespace millrace
