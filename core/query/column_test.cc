#include "core/query/column_test.h"

#include <algorithm>
#include <array>
#include <limits>

#include "core/query/quantity.h"

namespace millrace {
namespace {

using Kind = BoundTerm::Kind;
using Presence = QueryTerm::Presence;
using snapshot_file::Column;
using snapshot_file::Field;
using snapshot_file::FieldBit;
using snapshot_file::FieldPresence;
using snapshot_file::PostColumns;

// Wanted tags are kept as bits for so many rows or more.
constexpr uint64_t kTagBitsRowsMin = 1000;

}  // namespace

bool ColumnTest::Knows(Kind kind) {
  switch (kind) {
    case Kind::kNothing:
    case Kind::kEverything:
    case Kind::kRows:
    case Kind::kRowRange:
    case Kind::kParents:
      return false;
    default:
      return true;
  }
}

ColumnTest::ColumnTest(const BoundTerm& term, bool is_negated, uint64_t row_count, const Snapshot& snapshot)
    : term_(term),
      is_negated_(is_negated),
      snapshot_(snapshot),
      columns_(snapshot.columns()),
      applied_tags_(term.relations) {
  if (term.kind != Kind::kTags || term.tag_indexes.size() <= 1 || row_count < kTagBitsRowsMin) return;
  wanted_tags_.resize(static_cast<size_t>(snapshot.tag_count()) / 64 + 1);
  for (const uint32_t tag_index : term.tag_indexes) wanted_tags_[tag_index / 64] |= uint64_t{1} << (tag_index % 64);
}

absl::Status ColumnTest::Narrow(uint64_t first, uint64_t end, absl::Span<uint64_t> words) {
  first_ = first;
  end_ = end;
  words_ = words;
  rows_ = nullptr;
  return Run();
}

absl::Status ColumnTest::Narrow(std::vector<uint32_t>* rows) {
  first_ = rows->front();
  end_ = uint64_t{rows->back()} + 1;
  rows_ = rows;
  return Run();
}

absl::Status ColumnTest::Run() {
  switch (term_.kind) {
    case Kind::kTags:
      return RunTags();
    case Kind::kRating:
      return RunRating();
    case Kind::kInt32:
      return RunNumber<int32_t>();
    case Kind::kInt64:
      return RunNumber<int64_t>();
    case Kind::kPixels:
    case Kind::kRatio:
      return RunSides();
    case Kind::kTagCount:
      return term_.relations == nullptr ? RunTagCount() : RunAppliedTagCount();
    case Kind::kCategoryTagCount:
      return RunCategoryTagCount();
    case Kind::kFlags:
      return RunFlags();
    case Kind::kFileExt:
      return RunFileExt();
    case Kind::kSource:
      return RunSource();
    case Kind::kPoolIds:
      return RunPoolIds();
    case Kind::kPoolKinds:
      return RunPoolKinds();
    default:
      return MakeError(Reason::kInternal, "a term that no column tells was looked for in one");
  }
}

absl::Status ColumnTest::Same(bool holds) {
  if (holds != is_negated_) return absl::OkStatus();
  if (rows_ != nullptr) {
    rows_->clear();
  } else {
    std::fill(words_.begin(), words_.end(), 0);
  }
  return absl::OkStatus();
}

absl::Status ColumnTest::LookUpPresence(const Column<uint32_t>& words, uint32_t bits, FieldPresence* presence) const {
  *presence = {.all = false, .none = true};
  if (!words.is_present()) return absl::OkStatus();
  return snapshot_.field_runs().Get(words, bits, first_, end_, presence);
}

bool ColumnTest::InIntervals(int64_t value) const {
  const auto interval = std::lower_bound(term_.intervals.begin(), term_.intervals.end(), value,
                                         [](const Interval& each, int64_t number) { return each.last < number; });
  return interval != term_.intervals.end() && interval->first <= value;
}

bool ColumnTest::IsWantedCount(int64_t count) const {
  return term_.presence == Presence::kValue ? InIntervals(count) : (count > 0) == wants_presence();
}

bool ColumnTest::IsWantedCode(uint32_t code) const {
  if (term_.presence != Presence::kValue) return (code != 0) == wants_presence();
  return std::find(term_.codes.begin(), term_.codes.end(), code) != term_.codes.end();
}

// Whether the rows have all of the fields.
absl::Status ColumnTest::RunPresence(const Column<uint32_t>& words, uint32_t bits, const FieldPresence& known) {
  if (known.all || known.none) return Same(known.all == wants_presence());
  struct Holds {
    const uint32_t* presence = nullptr;
    uint32_t bits = 0;
    bool wanted = false;
    [[gnu::always_inline]] bool operator()(size_t i) const { return ((presence[i] & bits) == bits) == wanted; }
  };
  return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) -> absl::Status {
    absl::Span<const uint32_t> presence;
    MILLRACE_RETURN_IF_ERROR(words.Get(first, end, &presence));
    *holds = {presence.data(), bits, wants_presence()};
    return absl::OkStatus();
  });
}

absl::Status ColumnTest::RunRating() {
  struct Holds {
    const uint8_t* ratings = nullptr;
    std::array<bool, kRatingCount> is_wanted{};
    [[gnu::always_inline]] bool operator()(size_t i) const {
      bool is_match = false;
      for (uint8_t rating = 0; rating < kRatingCount; ++rating) {
        is_match |= Both(ratings[i] == rating, is_wanted[rating]);
      }
      return is_match;
    }
  };
  if (!columns_.ratings().is_present()) return Same((term_.rating_mask & 1) != 0);
  return Scan<Holds>([&](uint64_t first, uint64_t end, Holds* holds) -> absl::Status {
    for (size_t rating = 0; rating < kRatingCount; ++rating) {
      holds->is_wanted[rating] = (term_.rating_mask >> rating & 1) != 0;
    }
    absl::Span<const uint8_t> ratings;
    MILLRACE_RETURN_IF_ERROR(columns_.ReadRatings(first, end, &ratings));
    holds->ratings = ratings.data();
    return absl::OkStatus();
  });
}

template <typename T>
absl::Status ColumnTest::RunNumber() {
  const Column<uint32_t>& words = columns_.PresenceOf(term_.field);
  const uint32_t bit = PostColumns::PresenceBit(term_.field);
  FieldPresence known;
  MILLRACE_RETURN_IF_ERROR(LookUpPresence(words, bit, &known));
  if (term_.presence != Presence::kValue) return RunPresence(words, bit, known);
  if (known.none) return Same(false);
  struct InOne {
    const T* values = nullptr;
    const uint32_t* presence = nullptr;
    uint32_t presence_bit = 0;
    T first = 0;
    T last = 0;
    [[gnu::always_inline]] bool operator()(size_t i) const {
      return Both(Both(values[i] >= first, values[i] <= last), (presence[i] & presence_bit) != 0);
    }
  };
  struct InMany {
    OptionalSlice<T> slice;
    const ColumnTest* test = nullptr;
    bool operator()(size_t i) const { return slice.has(i) && test->InIntervals(slice.values[i]); }
  };
  using Limits = std::numeric_limits<T>;
  const Interval& interval = term_.intervals.front();
  if (term_.intervals.size() > 1 || !columns_.template OptionalColumn<T>(term_.field).is_present()) {
    return Test<InMany>([&](uint64_t first, uint64_t end, InMany* holds) {
      holds->test = this;
      return columns_.template ReadSlice<T>(term_.field, first, end, &holds->slice);
    });
  }
  if (interval.first > Limits::max() || interval.last < Limits::min()) return Same(false);
  if (interval.first > interval.last) return Same(false);
  const T smallest = static_cast<T>(std::max<int64_t>(interval.first, Limits::min()));
  const T largest = static_cast<T>(std::min<int64_t>(interval.last, Limits::max()));
  OptionalSlice<T> slice;
  MILLRACE_RETURN_IF_ERROR(columns_.template ReadSlice<T>(term_.field, first_, end_, &slice));
  if (known.all) {
    return Scan<InRange<T>>([&](uint64_t, uint64_t, InRange<T>* holds) {
      *holds = {slice.values.data(), smallest, largest};
      return absl::OkStatus();
    });
  }
  return Scan<InOne>([&](uint64_t, uint64_t, InOne* holds) {
    *holds = {slice.values.data(), slice.presence.data(), slice.presence_bit, smallest, largest};
    return absl::OkStatus();
  });
}

absl::Status ColumnTest::RunSides() {
  const uint32_t bits = FieldBit(Field::kWidthPx) | FieldBit(Field::kHeightPx);
  FieldPresence known;
  MILLRACE_RETURN_IF_ERROR(LookUpPresence(columns_.presence(), bits, &known));
  if (term_.presence != Presence::kValue) return RunPresence(columns_.presence(), bits, known);
  if (known.none) return Same(false);
  struct Holds {
    OptionalSlice<int32_t> widths;
    OptionalSlice<int32_t> heights;
    const ColumnTest* test = nullptr;
    bool is_ratio = false;
    bool operator()(size_t i) const {
      if (!widths.has(i) || !heights.has(i)) return false;
      const int64_t width = widths.values[i];
      const int64_t height = heights.values[i];
      if (width <= 0 || height <= 0) return false;
      return test->InIntervals(is_ratio ? RatioOf(width, height) : width * height);
    }
  };
  OptionalSlice<int32_t> widths, heights;
  MILLRACE_RETURN_IF_ERROR(columns_.ReadWidths(first_, end_, &widths));
  MILLRACE_RETURN_IF_ERROR(columns_.ReadHeights(first_, end_, &heights));
  if (widths.empty() || heights.empty()) return Same(false);
  if (term_.kind == Kind::kPixels && term_.intervals.size() == 1) {
    return Scan<AreaInRange>([&](uint64_t, uint64_t, AreaInRange* holds) {
      const uint32_t* const presence = known.all ? nullptr : widths.presence.data();
      const Interval& wanted = term_.intervals.front();
      *holds = {widths.values.data(), heights.values.data(), presence, bits, wanted.first, wanted.last};
      return absl::OkStatus();
    });
  }
  return Test<Holds>([&](uint64_t, uint64_t, Holds* holds) {
    *holds = {widths, heights, this, term_.kind == Kind::kRatio};
    return absl::OkStatus();
  });
}

absl::Status ColumnTest::RunTagCount() {
  struct InMany {
    const uint64_t* offsets = nullptr;
    const ColumnTest* test = nullptr;
    bool operator()(size_t i) const { return test->IsWantedCount(static_cast<int64_t>(offsets[i + 1] - offsets[i])); }
  };
  if (!columns_.tags().is_present()) return Same(IsWantedCount(0));
  absl::Span<const uint64_t> offsets;
  MILLRACE_RETURN_IF_ERROR(columns_.tags().offsets().Get(first_, end_ + 1, &offsets));
  if (term_.presence != Presence::kValue || term_.intervals.size() == 1) {
    return Scan<LengthInRange>([&](uint64_t, uint64_t, LengthInRange* holds) {
      Interval wanted{1, std::numeric_limits<int64_t>::max()};
      if (term_.presence == Presence::kNone) wanted = {0, 0};
      if (term_.presence == Presence::kValue) wanted = term_.intervals.front();
      *holds = {offsets.data(), wanted.first, wanted.last};
      return absl::OkStatus();
    });
  }
  return Test<InMany>([&](uint64_t, uint64_t, InMany* holds) {
    *holds = {offsets.data(), this};
    return absl::OkStatus();
  });
}

absl::Status ColumnTest::RunFlags() {
  struct IsOne {
    const uint32_t* flags = nullptr;
    BoundTerm::FlagTest test;
    [[gnu::always_inline]] bool operator()(size_t i) const { return (flags[i] & test.mask) == test.expected; }
  };
  struct IsOneOfMany {
    const uint32_t* flags = nullptr;
    const std::vector<BoundTerm::FlagTest>* tests = nullptr;
    bool operator()(size_t i) const {
      return std::any_of(tests->begin(), tests->end(),
                         [&](const BoundTerm::FlagTest& test) { return (flags[i] & test.mask) == test.expected; });
    }
  };
  absl::Span<const uint32_t> flags;
  MILLRACE_RETURN_IF_ERROR(columns_.flags().Get(first_, end_, &flags));
  if (term_.flag_tests.size() == 1) {
    return Scan<IsOne>([&](uint64_t, uint64_t, IsOne* holds) {
      *holds = {flags.data(), term_.flag_tests.front()};
      return absl::OkStatus();
    });
  }
  return Test<IsOneOfMany>([&](uint64_t, uint64_t, IsOneOfMany* holds) {
    *holds = {flags.data(), &term_.flag_tests};
    return absl::OkStatus();
  });
}

absl::Status ColumnTest::RunFileExt() {
  struct IsOne {
    const uint32_t* codes = nullptr;
    uint32_t code = 0;
    bool wanted = true;
    [[gnu::always_inline]] bool operator()(size_t i) const { return (codes[i] == code) == wanted; }
  };
  struct IsOneOfMany {
    const uint32_t* codes = nullptr;
    const ColumnTest* test = nullptr;
    bool operator()(size_t i) const { return test->IsWantedCode(codes[i]); }
  };
  if (!columns_.file_exts().is_present()) return Same(IsWantedCode(0));
  absl::Span<const uint32_t> codes;
  MILLRACE_RETURN_IF_ERROR(columns_.file_exts().Get(first_, end_, &codes));
  const bool is_of_presence = term_.presence != Presence::kValue;
  if (is_of_presence || term_.codes.size() == 1) {
    return Scan<IsOne>([&](uint64_t, uint64_t, IsOne* holds) {
      *holds = {codes.data(), is_of_presence ? 0 : term_.codes.front(), is_of_presence ? !wants_presence() : true};
      return absl::OkStatus();
    });
  }
  return Test<IsOneOfMany>([&](uint64_t, uint64_t, IsOneOfMany* holds) {
    *holds = {codes.data(), this};
    return absl::OkStatus();
  });
}

}  // namespace millrace
