#include "core/query/snapshot_clock.h"

#include <algorithm>
#include <memory>

#include "core/base/error.h"
#include "core/snapshot/post_columns.h"
#include "core/snapshot/postings.h"

namespace millrace {

absl::StatusOr<std::optional<int64_t>> NewestCreatedAt(const Snapshot& snapshot) {
  // Making the file would take longer than reading one column.
  const std::shared_ptr<const Postings> postings = snapshot.FindPostings();
  if (postings != nullptr) return postings->newest_created_at_us();
  OptionalSlice<int64_t> times;
  MILLRACE_RETURN_IF_ERROR(snapshot.columns().ReadSlice(snapshot_file::Field::kCreatedAtUs, 0,
                                                        static_cast<uint64_t>(snapshot.post_count()), &times));
  std::optional<int64_t> newest;
  for (size_t i = 0; i < times.values.size(); ++i) {
    if (times.has(i)) newest = std::max(newest.value_or(times.values[i]), times.values[i]);
  }
  return newest;
}

}  // namespace millrace
