#include "core/query/column_filter.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/run_parts.h"
#include "core/query/column_test.h"
#include "core/query/row_words.h"
#include "core/snapshot/row_bits.h"

namespace millrace {
namespace {

// Rows that one thread passes before it takes others, or looks whether somebody still waits.
constexpr uint64_t kPartRows = 16 * kRunRows;
// Fewer rows than one in so many are taken one by one.
constexpr uint64_t kSparseShare = 64;

using Tests = std::vector<ColumnTest>;

// What is left of the rows [first, first + kRunRows), as far as there are such.
absl::Status FilterRun(Tests* tests, uint64_t first, uint64_t post_count, RowBits* rows) {
  const uint64_t end = std::min(first + kRunRows, post_count);
  absl::Span<uint64_t> words =
      rows->words().subspan(static_cast<size_t>(first / 64), static_cast<size_t>((end - first + 63) / 64));
  uint64_t words_first = first;
  for (ColumnTest& test : *tests) {
    // What no row is left of need not be read.
    while (!words.empty() && words.back() == 0) words.remove_suffix(1);
    while (!words.empty() && words.front() == 0) {
      words.remove_prefix(1);
      words_first += 64;
    }
    if (words.empty()) return absl::OkStatus();
    MILLRACE_RETURN_IF_ERROR(test.Narrow(words_first, std::min<uint64_t>(words_first + 64 * words.size(), end), words));
  }
  return absl::OkStatus();
}

absl::StatusOr<RowSet> FilterDense(const std::function<Tests()>& make_tests, uint64_t post_count, const RowSet* within,
                                   const Cancelled& cancelled) {
  RowBits rows(post_count);
  if (within == nullptr) {
    rows.AddAll();
  } else {
    rows.Add(*within);
  }
  // Parts share no word of `rows`.
  const auto make_worker = [&]() -> PartWorker {
    return [&, tests = make_tests()](size_t part) mutable -> absl::Status {
      const uint64_t part_first = part * kPartRows;
      const uint64_t part_end = std::min(part_first + kPartRows, post_count);
      for (uint64_t first = part_first; first < part_end; first += kRunRows) {
        MILLRACE_RETURN_IF_ERROR(FilterRun(&tests, first, post_count, &rows));
      }
      return absl::OkStatus();
    };
  };
  const auto part_count = static_cast<size_t>((post_count + kPartRows - 1) / kPartRows);
  MILLRACE_RETURN_IF_ERROR(RunParts(
      part_count, [&] { return CheckCancelled(cancelled); }, make_worker));
  return std::move(rows).Finish();
}

absl::StatusOr<RowSet> FilterSparse(Tests* tests, const RowSet& within, const Cancelled& cancelled) {
  std::vector<uint32_t> kept;
  std::vector<uint32_t> some;
  std::vector<uint32_t> buffer(static_cast<size_t>(std::min(kRunRows, within.Count())));
  RowSet::Reader reader(within);
  while (const size_t row_count = reader.Read(absl::MakeSpan(buffer))) {
    MILLRACE_RETURN_IF_ERROR(CheckCancelled(cancelled));
    for (size_t begin = 0; begin < row_count;) {
      size_t end = begin + 1;
      while (end < row_count && buffer[end] - buffer[begin] < kRunRows) ++end;
      some.assign(buffer.begin() + static_cast<ptrdiff_t>(begin), buffer.begin() + static_cast<ptrdiff_t>(end));
      for (ColumnTest& test : *tests) {
        if (some.empty()) break;
        MILLRACE_RETURN_IF_ERROR(test.Narrow(&some));
      }
      kept.insert(kept.end(), some.begin(), some.end());
      begin = end;
    }
  }
  return RowSet::FromAscending(kept);
}

}  // namespace

absl::StatusOr<RowSet> FilterColumns(absl::Span<const ColumnCondition> conditions, const Snapshot& snapshot,
                                     const RowSet* within, const Cancelled& cancelled) {
  const uint64_t post_count = static_cast<uint64_t>(snapshot.post_count());
  const uint64_t row_count = within == nullptr ? post_count : within->Count();
  if (row_count == 0) return RowSet();
  const auto make_tests = [&] {
    Tests tests;
    tests.reserve(conditions.size());
    for (const ColumnCondition& condition : conditions) {
      tests.emplace_back(*condition.term, condition.is_negated, row_count, snapshot);
    }
    return tests;
  };
  if (within != nullptr && row_count <= post_count / kSparseShare + 1) {
    Tests tests = make_tests();
    return FilterSparse(&tests, *within, cancelled);
  }
  return FilterDense(make_tests, post_count, within, cancelled);
}

}  // namespace millrace
