#include "clients/cli/stream_summary.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/base/text.h"

namespace millrace::cli {

void StreamSummary::Add(const v1::Batch& batch) {
  Add(batch, batch.post_ids(), static_cast<int64_t>(batch.ByteSizeLong()));
}

void StreamSummary::Add(const v1::Batch& head, absl::Span<const int64_t> post_ids, int64_t size_bytes) {
  std::vector<uint8_t> bytes;
  bytes.reserve(8 * post_ids.size());
  for (const int64_t id : post_ids) {
    for (int shift = 0; shift < 64; shift += 8)
      bytes.push_back(static_cast<uint8_t>(static_cast<uint64_t>(id) >> shift));
  }
  sha256_.Update(bytes.data(), bytes.size());
  ++batch_count_;
  post_count_ += static_cast<int64_t>(post_ids.size());
  byte_count_ += size_bytes;
  v1::Position next;
  const bool is_last = head.step() + 1 >= head.batch_count();
  next.set_epoch(is_last ? head.epoch() + 1 : head.epoch());
  next.set_step(is_last ? 0 : head.step() + 1);
  next_position_ = next;
  next_token_ = head.token();
  skipped_step_count_ += head.skipped_step_count();
}

std::string StreamSummary::FinishDigest() { return HexEncode(sha256_.Finish()); }

namespace {

// Of the steps from (epoch, step) on and before end_epoch.
int64_t SkippedStepCount(const v1::StreamBatchesRequest& request, std::pair<int64_t, int64_t> next) {
  std::vector<v1::StepRange> ranges(request.skip().begin(), request.skip().end());
  std::sort(ranges.begin(), ranges.end(), [](const v1::StepRange& a, const v1::StepRange& b) {
    return std::make_pair(a.epoch(), a.first_step()) < std::make_pair(b.epoch(), b.first_step());
  });
  int64_t count = 0;
  for (const v1::StepRange& range : ranges) {
    if (range.epoch() >= request.end_epoch()) break;
    // Ranges may overlap; `next` is behind those that were counted.
    const auto first = std::max(next, {range.epoch(), range.first_step()});
    if (first.first != range.epoch() || first.second > range.last_step()) continue;
    count += range.last_step() - first.second + 1;
    next = {range.epoch(), range.last_step() + 1};
  }
  return count;
}

}  // namespace

int64_t ExpectedBatchCount(const v1::Batch& first, const v1::StreamBatchesRequest& request) {
  const int64_t step_count = (request.end_epoch() - first.epoch()) * first.batch_count() - first.step();
  const int64_t count = step_count - SkippedStepCount(request, {first.epoch(), first.step()});
  return request.max_batch_count() > 0 ? std::min(count, request.max_batch_count()) : count;
}

}  // namespace millrace::cli
