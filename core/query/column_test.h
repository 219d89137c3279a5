// One term of a query, told from a snapshot's columns for some rows at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/types/span.h"
#include "core/base/error.h"
#include "core/query/bound_query.h"
#include "core/query/row_words.h"
#include "core/snapshot/applied_tags.h"
#include "core/snapshot/field_runs.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/snapshot.h"

namespace millrace {

// Any kind of term but kNothing, kEverything, kRows, kRowRange and kParents; kTags by the rows' lists of tags. Borrows
// term and snapshot. Not thread-safe.
class ColumnTest {
 public:
  // Whether there is such a test of the term.
  static bool Knows(BoundTerm::Kind kind);

  // With `is_negated`, those rows pass for which the term does not hold. `row_count` is about how many will be tested.
  ColumnTest(const BoundTerm& term, bool is_negated, uint64_t row_count, const Snapshot& snapshot);

  // Takes the rows that do not pass out of `words`: bit i of words[w] is row first + 64 * w + i. Requires rows of the
  // snapshot from `first` to below `end` only. Reads the columns of these. kSnapshotDamaged.
  absl::Status Narrow(uint64_t first, uint64_t end, absl::Span<uint64_t> words);
  // The same for single rows: requires at least one, in ascending order.
  absl::Status Narrow(std::vector<uint32_t>* rows);

 private:
  absl::Status Run();
  absl::Status RunRating();
  absl::Status RunPresence(const snapshot_file::Column<uint32_t>& words, uint32_t bits,
                           const snapshot_file::FieldPresence& known);
  template <typename T>
  absl::Status RunNumber();
  absl::Status RunSides();
  absl::Status RunTagCount();
  absl::Status RunFlags();
  absl::Status RunFileExt();
  // In column_list_test.cc.
  absl::Status RunTags();
  absl::Status RunAppliedTagCount();
  absl::Status RunCategoryTagCount();
  absl::Status RunSource();
  absl::Status RunPoolIds();
  absl::Status RunPoolKinds();

  // When the term holds for all rows or for none.
  absl::Status Same(bool holds);

  // `open(first, end, &holds)` makes a function of the place behind `first`. Scan's are cheap and do not branch, so
  // that many rows are tested at a time; Test's are worth avoiding.
  template <typename Holds, typename Open>
  absl::Status Scan(Open open) {
    Holds holds;
    MILLRACE_RETURN_IF_ERROR(open(first_, end_, &holds));
    if (rows_ != nullptr) return NarrowRows(holds);
    NarrowByWords(holds, is_negated_, static_cast<size_t>(end_ - first_), words_);
    return absl::OkStatus();
  }
  template <typename Holds, typename Open>
  absl::Status Test(Open open) {
    Holds holds;
    MILLRACE_RETURN_IF_ERROR(open(first_, end_, &holds));
    if (rows_ != nullptr) return NarrowRows(holds);
    NarrowByBits(holds, is_negated_, words_);
    return error_;
  }
  template <typename Holds>
  absl::Status NarrowRows(const Holds& holds) {
    size_t kept_count = 0;
    for (const uint32_t row : *rows_) {
      if (holds(static_cast<size_t>(row - first_)) != is_negated_) (*rows_)[kept_count++] = row;
    }
    rows_->resize(kept_count);
    return error_;
  }

  // What is known of the rows' fields without reading their words. Words that are not present: no row has them.
  absl::Status LookUpPresence(const snapshot_file::Column<uint32_t>& words, uint32_t bits,
                              snapshot_file::FieldPresence* presence) const;
  bool InIntervals(int64_t value) const;
  // kAny's answer, or kNone's.
  bool wants_presence() const { return term_.presence == QueryTerm::Presence::kAny; }
  // Whether the number of something is what is asked for: in the intervals, or any but 0.
  bool IsWantedCount(int64_t count) const;
  // Whether a code is what is asked for.
  bool IsWantedCode(uint32_t code) const;
  bool IsWantedSource(uint64_t row);
  bool HasPoolOfKind(uint64_t row);

  const BoundTerm& term_;
  const bool is_negated_;
  const Snapshot& snapshot_;
  const snapshot_file::PostColumns& columns_;
  AppliedTags applied_tags_;
  std::vector<uint64_t> wanted_tags_;  // kTags: a bit a tag; empty: look into term_.tag_indexes
  std::string lowered_;
  absl::Status error_;  // of a test, which has no other way to tell

  // Of one call.
  uint64_t first_ = 0;
  uint64_t end_ = 0;
  absl::Span<uint64_t> words_;
  std::vector<uint32_t>* rows_ = nullptr;  // null: words_
};

}  // namespace millrace
