#include "core/catalog/batch_writer.h"

#include <system_error>
#include <utility>

#include "core/base/error.h"

namespace millrace {

BatchWriter::~BatchWriter() { Wait().IgnoreError(); }

absl::Status BatchWriter::Begin(StagingBatch* batch) {
  MILLRACE_RETURN_IF_ERROR(Wait());
  std::swap(batch_, *batch);
  batch->Clear();
  try {
    thread_ = std::thread([this] { status_ = WriteBatch(batch_); });
  } catch (const std::system_error&) {
    // No thread is to be had. The import takes longer.
    status_ = WriteBatch(batch_);
  }
  return absl::OkStatus();
}

absl::Status BatchWriter::Write(const StagingBatch& batch) {
  MILLRACE_RETURN_IF_ERROR(Wait());
  return WriteBatch(batch);
}

absl::Status BatchWriter::Wait() {
  if (thread_.joinable()) thread_.join();
  return std::exchange(status_, absl::OkStatus());
}

absl::Status BatchWriter::WriteBatch(const StagingBatch& batch) {
  MILLRACE_RETURN_IF_ERROR(connections_.CheckDiskHeadroom());
  return connections_.Write([&](Database& database) { return batch.WriteTo(database, dataset_id_, import_id_); });
}

}  // namespace millrace
