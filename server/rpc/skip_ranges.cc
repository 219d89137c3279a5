#include "server/rpc/skip_ranges.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {
namespace {

absl::Status CheckRange(const v1::StepRange& range, int index, int64_t batch_count) {
  const std::string field = absl::StrCat("skip[", index, "]");
  if (range.epoch() < 0 || range.epoch() > kEpochMax) {
    return FieldError(field + ".epoch", absl::StrCat("is ", range.epoch(), "; give 0 to ", kEpochMax));
  }
  if (range.first_step() < 0 || range.first_step() >= batch_count) {
    return FieldError(field + ".first_step", absl::StrCat("is ", range.first_step(), "; an epoch of this split has ",
                                                          batch_count, " steps, numbered from 0"));
  }
  if (range.last_step() < range.first_step() || range.last_step() >= batch_count) {
    return FieldError(field + ".last_step",
                      absl::StrCat("is ", range.last_step(), "; give first_step (", range.first_step(), ") to ",
                                   batch_count - 1, ", the last step of an epoch of this split"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<SkipRanges> SkipRanges::Create(const google::protobuf::RepeatedPtrField<v1::StepRange>& ranges,
                                              int64_t batch_count) {
  if (ranges.size() > kSkipRangeCountMax) {
    return FieldError("skip",
                      absl::StrCat("has ", ranges.size(), " ranges; at most ", kSkipRangeCountMax, " are allowed"));
  }
  std::vector<Range> sorted;
  for (int i = 0; i < ranges.size(); ++i) {
    MILLRACE_RETURN_IF_ERROR(CheckRange(ranges[i], i, batch_count));
    sorted.push_back({{ranges[i].epoch(), ranges[i].first_step()}, ranges[i].last_step() + 1});
  }
  std::sort(sorted.begin(), sorted.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
  SkipRanges result;
  for (const Range& range : sorted) {
    if (!result.ranges_.empty()) {
      Range& last = result.ranges_.back();
      if (last.first.epoch == range.first.epoch && range.first.step <= last.end_step) {
        last.end_step = std::max(last.end_step, range.end_step);
        continue;
      }
    }
    result.ranges_.push_back(range);
  }
  return result;
}

int64_t SkipRanges::StepsFrom(Position position) const {
  // The last range that begins at or before the position.
  const auto behind = std::upper_bound(ranges_.begin(), ranges_.end(), position,
                                       [](const Position& a, const Range& b) { return a < b.first; });
  if (behind == ranges_.begin()) return 0;
  const Range& range = *std::prev(behind);
  if (range.first.epoch != position.epoch) return 0;
  return std::max<int64_t>(0, range.end_step - position.step);
}

}  // namespace millrace
