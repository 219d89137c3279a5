#include "bench/batch_reference.h"

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "absl/hash/hash.h"

namespace millrace::bench {

uint64_t BatchReference::HashOf(const v1::Batch& batch) {
  const auto bytes_of = [](const auto& numbers) {
    return std::string_view(reinterpret_cast<const char*>(numbers.data()),
                            static_cast<size_t>(numbers.size()) * sizeof(int64_t));
  };
  return absl::HashOf(batch.epoch(), batch.step(), bytes_of(batch.post_ids()), bytes_of(batch.rows()));
}

BatchReference BatchReference::Read(v1::LoaderService::Stub& stub, v1::StreamBatchesRequest request,
                                    int64_t epoch_count) {
  request.set_end_epoch(epoch_count);
  request.set_view(v1::BATCH_VIEW_IDENTITIES);
  grpc::ClientContext context;
  const auto stream = stub.StreamBatches(&context, request);
  BatchReference reference;
  reference.epoch_count_ = epoch_count;
  v1::StreamBatchesResponse response;
  while (stream->Read(&response)) reference.hashes_.push_back(HashOf(response.batch()));
  const grpc::Status status = stream->Finish();
  if (!status.ok() || reference.hashes_.empty()) {
    std::fprintf(stderr, "the reference's stream failed: %s\n", status.error_message().c_str());
    std::exit(1);
  }
  return reference;
}

bool BatchReference::Matches(int64_t index, const v1::Batch& batch) const {
  return index < batch_count() && hashes_[static_cast<size_t>(index)] == HashOf(batch);
}

}  // namespace millrace::bench
