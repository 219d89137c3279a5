#include "clients/cli/stream_summary.h"

#include <algorithm>
#include <vector>

#include "core/base/text.h"

namespace millrace::cli {

void StreamSummary::Add(const v1::Batch& batch) {
  std::vector<uint8_t> bytes;
  bytes.reserve(8 * static_cast<size_t>(batch.post_ids_size()));
  for (const int64_t id : batch.post_ids()) {
    for (int shift = 0; shift < 64; shift += 8)
      bytes.push_back(static_cast<uint8_t>(static_cast<uint64_t>(id) >> shift));
  }
  sha256_.Update(bytes.data(), bytes.size());
  ++batch_count_;
  post_count_ += batch.post_ids_size();
  byte_count_ += static_cast<int64_t>(batch.ByteSizeLong());
  v1::Position next;
  const bool is_last = batch.step() + 1 >= batch.batch_count();
  next.set_epoch(is_last ? batch.epoch() + 1 : batch.epoch());
  next.set_step(is_last ? 0 : batch.step() + 1);
  next_position_ = next;
}

std::string StreamSummary::FinishDigest() { return HexEncode(sha256_.Finish()); }

int64_t ExpectedBatchCount(const v1::Batch& first, int64_t epoch_count, int64_t count_max) {
  // A start behind the last step stands for the next epoch, which then is one fewer; the bar is at most early.
  const int64_t count = first.batch_count() * epoch_count - first.step();
  return count_max > 0 ? std::min(count, count_max) : count;
}

}  // namespace millrace::cli
