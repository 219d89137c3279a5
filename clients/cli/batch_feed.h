// The batches of a stream, as rows or as columns, for `stream`, to which they are the same.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <ostream>

#include "absl/types/span.h"
#include "clients/cli/client.h"
#include "millrace/v1/loader_service.pb.h"

namespace millrace::cli {

// What is looked at of a batch. Borrows the feed's, until its next batch.
struct FedBatch {
  const v1::Batch* head = nullptr;
  absl::Span<const int64_t> post_ids;
  int64_t size_bytes = 0;  // of its messages
};

// One stream. Not thread-safe.
class BatchFeed {
 public:
  virtual ~BatchFeed() = default;
  // Waits for the next batch; false at the end.
  virtual bool Next(FedBatch* batch) = 0;
  // The last batch as a line of JSON.
  virtual void PrintJson(std::ostream& out) const = 0;
  // How the stream ended. Call once, behind the last Next.
  virtual grpc::Status Finish() = 0;
};

// Begins the stream that the request's projection asks for. Borrows all.
std::unique_ptr<BatchFeed> OpenFeed(Client& client, grpc::ClientContext* context,
                                    const v1::StreamBatchesRequest& request);

}  // namespace millrace::cli
