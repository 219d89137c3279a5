#include "core/query/row_matcher.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>
#include <utility>

#include "core/base/error.h"

namespace millrace {
namespace {

// A block of the id column: small enough for the bits of a few terms to stay in the first-level cache.
constexpr uint32_t kBlockRows = 8192;
constexpr size_t kWordCount = kBlockRows / 64;

// A bit a row of a block.
using RowBits = std::array<uint64_t, kWordCount>;

void Set(RowBits& bits, size_t i) { bits[i / 64] |= uint64_t{1} << (i % 64); }
bool IsEmpty(const RowBits& bits) {
  return std::all_of(bits.begin(), bits.end(), [](uint64_t word) { return word == 0; });
}

// Calls visit(i) for the bits that are set, ascending.
template <typename Visit>
void ForEachRow(const RowBits& bits, Visit visit) {
  for (size_t word = 0; word < kWordCount; ++word) {
    for (uint64_t left = bits[word]; left != 0; left &= left - 1) {
      visit(word * 64 + static_cast<size_t>(std::countr_zero(left)));
    }
  }
}

// Keeps of `bits` the rows i < row_count for which holds(i) is not `is_negated`.
template <typename Holds>
void Keep(RowBits& bits, size_t row_count, bool is_negated, Holds holds) {
  for (size_t begin = 0; begin < row_count; begin += 64) {
    const size_t end = std::min(row_count, begin + 64);
    uint64_t word = 0;
    for (size_t i = begin; i < end; ++i) word |= uint64_t{holds(i)} << (i - begin);
    bits[begin / 64] &= is_negated ? ~word : word;
  }
}

void KeepInRange(RowBits& bits, size_t row_count, const BoundTerm& term, const OptionalSlice<int32_t>& slice) {
  using Limits = std::numeric_limits<int32_t>;
  const bool is_possible = !slice.empty() && term.first <= Limits::max() && term.last >= Limits::min();
  if (!is_possible) {
    if (!term.is_negated) bits.fill(0);
    return;
  }
  const int32_t first = static_cast<int32_t>(std::max<int64_t>(term.first, Limits::min()));
  const int32_t last = static_cast<int32_t>(std::min<int64_t>(term.last, Limits::max()));
  Keep(bits, row_count, term.is_negated, [&](size_t i) {
    const int32_t value = slice.values[i];
    return (static_cast<int>(value >= first) & static_cast<int>(value <= last) & static_cast<int>(slice.has(i))) != 0;
  });
}

}  // namespace

// One block of rows and what the queries say of it; used for one block after another.
class RowMatcher::BlockScan {
 public:
  explicit BlockScan(const RowMatcher& matcher)
      : matcher_(matcher), candidates_(matcher.queries_.size()), slots_(matcher.tag_slots_.size()) {}

  // The rows of the block that begins at `first_row` for which `rows` has a bit.
  absl::Status Run(int64_t first_row, size_t row_count, const RowBits& rows) {
    first_row_ = first_row;
    row_count_ = row_count;
    RowBits tagged{};
    for (size_t q = 0; q < candidates_.size(); ++q) {
      candidates_[q] = rows;
      for (const BoundTerm& term : matcher_.queries_[q].number_terms()) {
        if (IsEmpty(candidates_[q])) break;
        MILLRACE_RETURN_IF_ERROR(KeepNumbers(term, candidates_[q]));
      }
      if (matcher_.queries_[q].tag_terms().empty()) continue;
      for (size_t word = 0; word < kWordCount; ++word) tagged[word] |= candidates_[q][word];
    }
    if (!IsEmpty(tagged)) {
      MILLRACE_RETURN_IF_ERROR(FillSlots(tagged));
      for (size_t q = 0; q < candidates_.size(); ++q) KeepTags(matcher_.queries_[q], candidates_[q]);
    }
    return absl::OkStatus();
  }

  // The rows that match query q.
  const RowBits& matches(size_t q) const { return candidates_[q]; }

 private:
  absl::Status KeepNumbers(const BoundTerm& term, RowBits& bits) const {
    const Snapshot& snapshot = matcher_.snapshot_;
    const int64_t count = static_cast<int64_t>(row_count_);
    OptionalSlice<int32_t> slice;
    switch (term.field) {
      case QueryTerm::Field::kRating: {
        MILLRACE_ASSIGN_OR_RETURN(const auto ratings, snapshot.Ratings(first_row_, count));
        Keep(bits, row_count_, term.is_negated,
             [&](size_t i) { return (term.rating_mask >> (ratings.empty() ? 0 : ratings[i]) & 1) != 0; });
        return absl::OkStatus();
      }
      case QueryTerm::Field::kId: {
        MILLRACE_ASSIGN_OR_RETURN(const auto ids, snapshot.PostIds(first_row_, count));
        Keep(bits, row_count_, term.is_negated,
             [&, ids = ids](size_t i) { return term.first <= ids[i] && ids[i] <= term.last; });
        return absl::OkStatus();
      }
      case QueryTerm::Field::kScore: {
        MILLRACE_ASSIGN_OR_RETURN(slice, snapshot.Scores(first_row_, count));
        break;
      }
      case QueryTerm::Field::kWidth: {
        MILLRACE_ASSIGN_OR_RETURN(slice, snapshot.Widths(first_row_, count));
        break;
      }
      case QueryTerm::Field::kHeight: {
        MILLRACE_ASSIGN_OR_RETURN(slice, snapshot.Heights(first_row_, count));
        break;
      }
      case QueryTerm::Field::kTag:
        return absl::OkStatus();  // never among these
    }
    KeepInRange(bits, row_count_, term, slice);
    return absl::OkStatus();
  }

  // slots_[s] = the rows, of those in `rows`, that have the tag with number s.
  absl::Status FillSlots(const RowBits& rows) {
    for (RowBits& slot : slots_) slot.fill(0);
    MILLRACE_ASSIGN_OR_RETURN(const ListSlice<uint32_t> lists,
                              matcher_.snapshot_.TagLists(first_row_, static_cast<int64_t>(row_count_)));
    ForEachRow(rows, [&](size_t i) {
      for (const uint32_t tag_index : lists[i]) {
        if (!matcher_.IsWanted(tag_index)) [[likely]]
          continue;
        Set(slots_[matcher_.tag_slots_.find(tag_index)->second], i);
      }
    });
    return absl::OkStatus();
  }

  void KeepTags(const BoundQuery& query, RowBits& bits) const {
    for (const BoundTerm& term : query.tag_terms()) {
      RowBits with_tag{};
      for (const uint32_t tag_index : term.tag_indexes) {
        const RowBits& slot = slots_[matcher_.tag_slots_.find(tag_index)->second];
        for (size_t word = 0; word < kWordCount; ++word) with_tag[word] |= slot[word];
      }
      const uint64_t flip = term.is_negated ? ~uint64_t{0} : 0;
      for (size_t word = 0; word < kWordCount; ++word) bits[word] &= with_tag[word] ^ flip;
    }
  }

  const RowMatcher& matcher_;
  int64_t first_row_ = 0;
  size_t row_count_ = 0;
  std::vector<RowBits> candidates_;  // by query
  std::vector<RowBits> slots_;       // by number of the tag
};

RowMatcher::RowMatcher(const Snapshot& snapshot, std::vector<BoundQuery> queries)
    : snapshot_(snapshot),
      queries_(std::move(queries)),
      wanted_tags_(static_cast<size_t>(snapshot.tag_count() + 63) / 64) {
  for (const BoundQuery& query : queries_) {
    for (const BoundTerm& term : query.tag_terms()) {
      for (const uint32_t tag_index : term.tag_indexes) {
        wanted_tags_[tag_index / 64] |= uint64_t{1} << (tag_index % 64);
        tag_slots_.try_emplace(tag_index, tag_slots_.size());
      }
    }
  }
}

absl::Status RowMatcher::FirstMatches(absl::Span<const uint32_t> rows, absl::Span<uint16_t> matches) const {
  BlockScan scan(*this);
  for (size_t begin = 0; begin < rows.size();) {
    // From the first row on: for one row, a block of one.
    const uint32_t first_row = rows[begin];
    RowBits bits{};
    size_t end = begin;
    for (; end < rows.size() && rows[end] - first_row < kBlockRows; ++end) Set(bits, rows[end] - first_row);
    MILLRACE_RETURN_IF_ERROR(scan.Run(first_row, rows[end - 1] - first_row + 1, bits));
    for (size_t i = begin; i < end; ++i) matches[i] = kNone;
    for (size_t q = queries_.size(); q-- > 0;) {
      // Each query overwrites what later ones have set; both sequences ascend.
      size_t i = begin;
      ForEachRow(scan.matches(q), [&](size_t row) {
        while (rows[i] - first_row != row) ++i;
        matches[i] = static_cast<uint16_t>(q);
      });
    }
    begin = end;
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint32_t>> RowMatcher::SelectRows() const {
  std::vector<uint32_t> rows;
  BlockScan scan(*this);
  const int64_t post_count = snapshot_.post_count();
  for (int64_t first_row = 0; first_row < post_count; first_row += kBlockRows) {
    const size_t row_count = static_cast<size_t>(std::min<int64_t>(kBlockRows, post_count - first_row));
    RowBits bits{};
    for (size_t i = 0; i < row_count; ++i) Set(bits, i);
    MILLRACE_RETURN_IF_ERROR(scan.Run(first_row, row_count, bits));
    RowBits selected{};
    for (size_t q = 0; q < queries_.size(); ++q) {
      for (size_t word = 0; word < kWordCount; ++word) selected[word] |= scan.matches(q)[word];
    }
    ForEachRow(selected,
               [&](size_t i) { rows.push_back(static_cast<uint32_t>(first_row) + static_cast<uint32_t>(i)); });
  }
  return rows;
}

absl::StatusOr<bool> Matches(const BoundQuery& query, const Snapshot& snapshot, int64_t row) {
  uint16_t match;
  const uint32_t rows[] = {static_cast<uint32_t>(row)};
  MILLRACE_RETURN_IF_ERROR(RowMatcher(snapshot, {query}).FirstMatches(rows, absl::MakeSpan(&match, 1)));
  return match != RowMatcher::kNone;
}

absl::StatusOr<std::vector<uint32_t>> SelectRows(const BoundQuery& query, const Snapshot& snapshot) {
  return RowMatcher(snapshot, {query}).SelectRows();
}

}  // namespace millrace
