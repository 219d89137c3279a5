// Batches of columns as messages: one block of memory that holds the head, the padding and the body, and is sent
// without being copied, whole or in parts. docs/batch-format.md has the layout.
#pragma once

#include <cstddef>
#include <cstdint>

#include "absl/status/status.h"
#include "core/batch/column_writer.h"
#include "millrace/v1/loader_service.pb.h"
#include "server/rpc/encoded_batch.h"

namespace millrace {

// Describes the columns that `writer` has laid out in `message`, and returns the body's size.
size_t SetColumns(const ColumnLayout& layout, v1::Batch* message);

// The size of the largest message that EncodeColumns makes of such a batch: the first, which holds the head.
size_t LargestMessageBytes(const v1::Batch& head, size_t body_size_bytes, size_t part_size_bytes_max);

// Makes the messages of a batch: its head, described by SetColumns, and the body that `writer` fills. One message when
// `part_size_bytes_max` is 0 or not less than the body; otherwise parts of that size (a multiple of 64), the last one
// smaller. kSnapshotDamaged.
absl::Status EncodeColumns(const v1::Batch& head, ColumnWriter* writer, size_t part_size_bytes_max,
                           EncodedBatch* encoded);

}  // namespace millrace
