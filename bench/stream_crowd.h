// Many streams of one client, read by callbacks: no thread a stream. What is checked is parsed, and whole posts are
// only counted: to parse them takes several times as long as the server takes to make them, and it is the server that
// is measured.
#pragma once

#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bench/batch_reference.h"
#include "millrace/v1/loader_service.grpc.pb.h"

namespace millrace::bench {

class CrowdStream;

// Streams that are opened together, checked batch by batch, and cancelled or waited for. Use from one thread.
class StreamCrowd {
 public:
  using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

  // The reference is borrowed. `request` is what every stream asks for, from a step of its own on. The process ends
  // with an error when a batch is not the reference's next one.
  StreamCrowd(const Channels& channels, v1::StreamBatchesRequest request, const BatchReference& reference);
  // Cancels and waits.
  ~StreamCrowd();

  // Opens one that reads `read_count_max` batches and then no more, without ending; -1: reads on and on.
  void Open(int64_t read_count_max);
  // Opens so many, a few at a time, and waits until each has a batch. False when one has ended instead.
  bool OpenAll(int64_t count, int64_t read_count_max);

  void Cancel(size_t index);
  void CancelAll();
  // Waits until all are over. False when that takes longer.
  bool WaitUntilDone(double timeout_s);

  size_t size() const { return streams_.size(); }
  // Batches read so far, by stream.
  std::vector<int64_t> Counts() const;
  // Of the streams that are over.
  std::vector<grpc::Status> Statuses() const;

 private:
  friend class CrowdStream;
  void StreamStarts();
  void StreamEnds(bool has_read);

  std::vector<grpc::GenericStub> stubs_;
  const v1::StreamBatchesRequest request_;
  const BatchReference& reference_;
  std::vector<std::unique_ptr<CrowdStream>> streams_;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  size_t started_count_ = 0;  // have read a batch, or ended without
  size_t failed_count_ = 0;   // ended without a batch
  size_t done_count_ = 0;
};

}  // namespace millrace::bench
