// Which fields all rows of a run have, and which none: most runs of most fields are one or the other.
#pragma once

#include <atomic>
#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "core/snapshot/format.h"
#include "core/snapshot/post_columns.h"

namespace millrace::snapshot_file {

// Rows in a row that are looked through at a time.
inline constexpr uint64_t kRunRows = 8192;

// Of one run or several.
struct FieldPresence {
  bool all = false;   // every row has all of the fields
  bool none = false;  // there is a field that no row has
};

// A run's words of presence are read when it is first asked for, and never again: 16 bytes a run are kept. Borrows the
// columns. Thread-safe, without a lock: who asks at the same time finds the same.
class FieldRuns {
 public:
  explicit FieldRuns(const PostColumns& columns, uint64_t row_count);

  // What the runs say that rows [first, end) lie in. `bits` are PresenceBits of `words`, which is presence() or
  // more_presence() of the columns, and present. Requires first < end <= row_count. kSnapshotDamaged.
  absl::Status Get(const Column<uint32_t>& words, uint32_t bits, uint64_t first, uint64_t end,
                   FieldPresence* presence) const;

 private:
  using Runs = std::vector<std::atomic<uint64_t>>;

  absl::Status GetRun(const Column<uint32_t>& words, uint64_t run, uint32_t* all, uint32_t* any) const;

  const PostColumns& columns_;
  const uint64_t row_count_;
  // A run: the bits that all words have, and above them those that any has.
  mutable Runs first_;
  mutable Runs more_;
};

}  // namespace millrace::snapshot_file
