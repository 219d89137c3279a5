// What a stream delivered: counts, speed, and a digest by which two runs can be compared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/time/time.h"
#include "absl/types/span.h"
#include "core/base/digest.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace::cli {

// The digest is SHA-256 over the ids of all posts in the order received, padding included, each as a 64-bit
// two's complement little-endian number. It does not depend on where batches end.
class StreamSummary {
 public:
  // A batch of rows.
  void Add(const v1::Batch& batch);
  // Any batch: what it says of itself, its posts, and the size of its messages.
  void Add(const v1::Batch& head, absl::Span<const int64_t> post_ids, int64_t size_bytes);
  // The digest of what was added, 64 hexadecimal digits. Call once.
  std::string FinishDigest();

  int64_t batch_count() const { return batch_count_; }
  int64_t post_count() const { return post_count_; }
  // Of the messages as Protobuf encodes them.
  int64_t byte_count() const { return byte_count_; }
  // The position behind the last batch; absent before the first.
  const std::optional<v1::Position>& next_position() const { return next_position_; }
  // The same position as a token; empty before the first.
  const std::string& next_token() const { return next_token_; }
  // Steps that were left out before the last batch, because the request said so.
  int64_t skipped_step_count() const { return skipped_step_count_; }

 private:
  Sha256 sha256_;
  int64_t batch_count_ = 0;
  int64_t post_count_ = 0;
  int64_t byte_count_ = 0;
  int64_t skipped_step_count_ = 0;
  std::optional<v1::Position> next_position_;
  std::string next_token_;
};

// How many batches a stream will give, from its first one on: to the request's end_epoch, without those that the
// request skips, cut at its max_batch_count.
int64_t ExpectedBatchCount(const v1::Batch& first, const v1::StreamBatchesRequest& request);

}  // namespace millrace::cli
