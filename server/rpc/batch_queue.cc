#include "server/rpc/batch_queue.h"

namespace millrace {

void BatchQueue::Add(EncodedBatch batch) {
  share_.Hold(batch.size_bytes);
  ready_.push_back(std::move(batch));
}

grpc::ByteBuffer* BatchQueue::NextMessage() {
  if (!IsInBatch()) {
    if (ready_.empty()) return nullptr;
    sending_ = std::move(ready_.front());
    ready_.erase(ready_.begin());
  }
  return &sending_.messages[sent_count_];
}

void BatchQueue::MessageSent() {
  // Now, and not when the batch's last part is sent: that may take as long as the client likes.
  sending_.messages[sent_count_++].Clear();
  if (!IsInBatch()) EndBatch();
}

void BatchQueue::DropReady() {
  for (const EncodedBatch& batch : ready_) share_.Release(batch.size_bytes);
  ready_.clear();
}

void BatchQueue::DropAll() {
  DropReady();
  if (IsInBatch()) EndBatch();
}

void BatchQueue::EndBatch() {
  share_.Release(sending_.size_bytes);
  sending_ = {};
  sent_count_ = 0;
}

}  // namespace millrace
