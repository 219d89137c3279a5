#include "core/snapshot/field_runs.h"

#include <algorithm>

#include "absl/types/span.h"
#include "core/base/error.h"

namespace millrace::snapshot_file {
namespace {

// No run's: what all words have, one has.
constexpr uint64_t kUnread = 0xffffffff;

}  // namespace

FieldRuns::FieldRuns(const PostColumns& columns, uint64_t row_count)
    : columns_(columns),
      row_count_(row_count),
      first_(static_cast<size_t>((row_count + kRunRows - 1) / kRunRows)),
      more_(first_.size()) {
  for (std::atomic<uint64_t>& run : first_) run.store(kUnread, std::memory_order_relaxed);
  for (std::atomic<uint64_t>& run : more_) run.store(kUnread, std::memory_order_relaxed);
}

absl::Status FieldRuns::GetRun(const Column<uint32_t>& words, uint64_t run, uint32_t* all, uint32_t* any) const {
  std::atomic<uint64_t>& kept = (&words == &columns_.presence() ? first_ : more_)[static_cast<size_t>(run)];
  uint64_t bits = kept.load(std::memory_order_relaxed);
  if (bits == kUnread) {
    absl::Span<const uint32_t> presence;
    MILLRACE_RETURN_IF_ERROR(words.Get(run * kRunRows, std::min((run + 1) * kRunRows, row_count_), &presence));
    uint32_t in_all = ~uint32_t{0};
    uint32_t in_any = 0;
    for (const uint32_t word : presence) {
      in_all &= word;
      in_any |= word;
    }
    bits = uint64_t{in_any} << 32 | in_all;
    kept.store(bits, std::memory_order_relaxed);
  }
  *all = static_cast<uint32_t>(bits);
  *any = static_cast<uint32_t>(bits >> 32);
  return absl::OkStatus();
}

absl::Status FieldRuns::Get(const Column<uint32_t>& words, uint32_t bits, uint64_t first, uint64_t end,
                            FieldPresence* presence) const {
  uint32_t in_all = ~uint32_t{0};
  uint32_t in_any = 0;
  for (uint64_t run = first / kRunRows; run <= (end - 1) / kRunRows; ++run) {
    uint32_t all, any;
    MILLRACE_RETURN_IF_ERROR(GetRun(words, run, &all, &any));
    in_all &= all;
    in_any |= any;
  }
  presence->all = (in_all & bits) == bits;
  presence->none = (in_any & bits) != bits;
  return absl::OkStatus();
}

}  // namespace millrace::snapshot_file
