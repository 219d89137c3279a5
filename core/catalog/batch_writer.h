// Writes a batch of an import's posts while the next one is filled.
#pragma once

#include <cstdint>
#include <optional>
#include <thread>

#include "absl/status/status.h"
#include "core/catalog/connections.h"
#include "core/catalog/import_session.h"
#include "core/catalog/staging_batch.h"

namespace millrace {

// To find out what the tags of a post are and to write it take about as long, and need different things: on two cores
// posts are staged in two thirds of the time. Not thread-safe: its own thread only writes, one batch at a time.
class BatchWriter {
 public:
  // `connections` is borrowed.
  BatchWriter(Connections* connections, int64_t dataset_id, int64_t import_id)
      : connections_(*connections), dataset_id_(dataset_id), import_id_(import_id) {}
  // Waits.
  ~BatchWriter();
  BatchWriter(const BatchWriter&) = delete;
  BatchWriter& operator=(const BatchWriter&) = delete;

  // Waits for the batch before, whose error it returns; then takes over what `batch` holds, which is empty behind it,
  // and begins to write it. kDiskFull, kIoError: as Write.
  absl::Status Begin(StagingBatch* batch);
  // Waits for the batch before, whose error it returns, and writes this one on the caller's thread. kDiskFull also when
  // the batch might eat into the headroom.
  absl::Status Write(const StagingBatch& batch);
  // Waits for the batch that is being written. Its error, once.
  absl::Status Wait();

  // Where the record stands that brought the post, when the batch that is being written, or was last, holds it.
  std::optional<SourcePlace> FindPlace(int64_t post_id) const { return batch_.FindPlace(post_id); }

 private:
  absl::Status WriteBatch(const StagingBatch& batch);

  Connections& connections_;
  const int64_t dataset_id_;
  const int64_t import_id_;
  StagingBatch batch_;  // changes only while no thread runs
  std::thread thread_;
  absl::Status status_;  // the thread's, until it is waited for
};

}  // namespace millrace
