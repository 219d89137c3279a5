// One message of GetBatch or StreamBatches, taken apart without copying its body.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace::client {

using Bytes = absl::Span<const uint8_t>;

struct BatchMessage {
  // Absent from all parts of a batch but the first.
  std::optional<v1::Batch> batch;
  // Where the part begins in the body of the batch. As sent; not checked.
  int64_t body_offset_bytes = 0;
  // The body, or this part of it, where it lies in the message: in several pieces when the message does.
  std::vector<Bytes> body;
  size_t body_size_bytes = 0;
};

// Takes a message that lies in `pieces`, end to end; the result points into them. DATA_LOSS, which says what is wrong,
// for bytes that are no such message. Fields may come in any order, each at most once.
absl::StatusOr<BatchMessage> ParseBatchMessage(absl::Span<const Bytes> pieces);

}  // namespace millrace::client
