// The batches that a stream holds: the one that is being sent, message by message, and those ready behind it.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <utility>
#include <vector>

#include "server/rpc/encoded_batch.h"
#include "server/rpc/stream_limits.h"

namespace millrace {

// Keeps the books of the stream's share. Not thread-safe.
class BatchQueue {
 public:
  explicit BatchQueue(StreamShare share) : share_(std::move(share)) {}

  // How many batches may be ready behind the one that is being sent, as far as the share has room; 1 unless set.
  void set_ready_count_max(size_t count) { ready_count_max_ = count; }

  // Whether one more batch may be made.
  bool HasRoom() const { return share_.HasRoom(IsInBatch(), ready_.size(), ready_count_max_); }
  void Add(EncodedBatch batch);

  // The message to write now; null when there is none. It stays in its place until MessageSent.
  grpc::ByteBuffer* NextMessage();
  void MessageSent();

  // Whether a batch has begun, by NextMessage, and has messages left: no place to end a stream in order.
  bool IsInBatch() const { return sent_count_ < sending_.messages.size(); }
  bool has_ready() const { return !ready_.empty(); }

  // What has not begun.
  void DropReady();
  // Requires that no message is being written.
  void DropAll();

 private:
  void EndBatch();

  StreamShare share_;
  size_t ready_count_max_ = 1;
  EncodedBatch sending_;
  size_t sent_count_ = 0;  // messages of it
  std::vector<EncodedBatch> ready_;
};

}  // namespace millrace
